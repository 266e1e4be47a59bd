import type { Identity, NodeKind, Urn } from "../urn.ts";
import { parseUrn } from "../urn.ts";

const BODY_AT = "urn:stemma::".length;

/** What the URN of a row says. Those of the kinds that are many are cut up without a look at each sign: an index holds no ill-formed ones. */
export function identityOf(urn: Urn, kind: NodeKind | undefined): Identity {
  return kind === "commit" || kind === "job" ? cutUp(kind, urn) : parseUrn(urn);
}

/** `project/name@id`, where a repo's name may end in its type. */
function cutUp(kind: "commit" | "job", urn: Urn): Identity {
  const slash = urn.indexOf("/");
  const at = urn.indexOf("@", slash);
  const project = urn.slice(BODY_AT + kind.length, slash);
  const name = urn.slice(slash + 1, at);
  const id = urn.slice(at + 1);
  if (kind === "job") return { kind, project, pipeline: name, id };
  const dot = name.indexOf(".");
  if (dot < 0) return { kind, project, repo: name, type: "user", id };
  return { kind, project, repo: name.slice(0, dot), type: name.endsWith(".meta") ? "meta" : "spec", id };
}
