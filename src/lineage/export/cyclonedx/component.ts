import { nameOf } from "../../describe.ts";
import type { Node, RunNode } from "../../graph.ts";
import { formatUrn } from "../../urn.ts";
import { known } from "../canonical.ts";
import { digestsOf, sha256Of } from "../digests.ts";
import type { GraphView } from "../graph-view.ts";
import { isActivity, isData, repoName } from "../graph-view.ts";
import { modelCard } from "./model-card.ts";
import { properties } from "./properties.ts";

export type Component = Readonly<Record<string, unknown>>;

/** What the bill is of. A job or run is an application that made something. */
export function rootComponent(view: GraphView, root: Node): Component {
  if (!isActivity(root)) return toComponent(view, root);
  return { type: "application", "bom-ref": formatUrn(root), name: nameOf(root), ...properties(root) };
}

export function toComponent(view: GraphView, node: Node): Component {
  const sha256 = sha256Of(node);
  return {
    ...body(view, node),
    "bom-ref": formatUrn(node),
    ...(sha256 === undefined ? {} : { hashes: [{ alg: "SHA-256", content: sha256 }] }),
    ...properties(node, digestsOf(node)),
  };
}

function body(view: GraphView, node: Node): Component {
  switch (node.kind) {
    case "model-version":
      return {
        type: "machine-learning-model",
        name: node.name,
        version: String(node.version),
        ...modelCard(view, runsOf(view, node)),
      };
    case "logged-model":
      return {
        type: "machine-learning-model",
        name: node.name ?? node.id,
        version: node.id,
        ...modelCard(view, runsOf(view, node)),
      };
    case "code":
      return known({
        type: "application",
        name: node.repository ?? "code",
        version: node.commit,
        pedigree: { commits: [{ uid: node.commit }] },
      });
    case "pipeline":
      return { type: "application", name: `${node.project}/${node.pipeline}`, version: String(node.version) };
    case "commit":
      return data(repoName(node), node.id);
    case "dataset":
      return data(node.name, node.digest);
    case "file":
      return data(`${repoName(node)}:${node.path}`, node.commit);
    default:
      return data(isData(node) ? nameOf(node) : node.kind, "");
  }
}

function data(name: string, version: string): Component {
  return { type: "data", name, ...(version === "" ? {} : { version }), data: [{ type: "dataset", name }] };
}

/** The runs that made a model, or the model that it is a version of. */
function runsOf(view: GraphView, node: Node): readonly RunNode[] {
  const models = [node, ...view.parents(node, "derived")];
  const makers = models.flatMap((model) => view.parents(model, "generated"));
  return makers.filter((maker): maker is RunNode => maker.kind === "run");
}
