import { nameOf } from "../describe.ts";
import { StemmaError } from "../errors.ts";
import type { Edge, Node } from "../graph.ts";
import type { LineageIndex } from "../store/lineage-index.ts";
import type { CommitIdentity, Urn } from "../urn.ts";
import { formatUrn } from "../urn.ts";
import { beforeOn, headsOf, identityOf, scopeOf } from "./branches.ts";

/** Where a history begins: at a commit itself, or at the head of the branch that a run's or model's commit is on. */
export function startsOf(index: LineageIndex, root: Node, all: boolean): readonly Urn[] {
  const commit = commitOf(index, root);
  const heads = headsOf(index, scopeOf(commit)).map(({ target }) => target);
  const own = formatUrn(identityOf(commit));
  if (all) return [own, ...heads];
  if (root.kind === "commit") return [own];
  return [heads.find((head) => isBefore(index, own, head)) ?? own];
}

/** The commit that a thing is or came out in. */
function commitOf(index: LineageIndex, root: Node): CommitIdentity {
  if (root.kind === "commit") return root;
  if (root.kind === "file") return { ...root, kind: "commit", id: root.commit };
  if (root.kind === "job") return { kind: "commit", project: root.project, repo: root.pipeline, type: "user", id: root.id };
  const urn = formatUrn(root);
  if (root.kind === "run") {
    const made = index.edgesDown(urn).find(isCommitMade);
    const commit = made === undefined ? undefined : index.record(made.from)?.node;
    if (commit?.kind === "commit") return commit;
  }
  if (root.kind === "model-version" || root.kind === "logged-model") {
    const origin = index.edgesUp(urn).find(({ kind }) => kind === "generated" || kind === "derived");
    const node = origin === undefined ? undefined : index.record(origin.to)?.node;
    if (node !== undefined) return commitOf(index, node);
  }
  throw new StemmaError("NOT_FOUND", `${nameOf(root)} is in no commit, and so has no history.`, {
    hint: "Name a branch, such as train@master, or a run of a pipeline.",
  });
}

function isCommitMade({ kind, from }: Edge): boolean {
  return kind === "generated" && from.startsWith("urn:stemma:commit:");
}

function isBefore(index: LineageIndex, urn: Urn, head: Urn): boolean {
  const seen = new Set<Urn>();
  let at: Urn | undefined = head;
  while (at !== undefined && !seen.has(at)) {
    if (at === urn) return true;
    seen.add(at);
    const node: Node | undefined = index.record(at)?.node;
    at = node?.kind === "commit" ? beforeOn(node) : undefined;
  }
  return false;
}
