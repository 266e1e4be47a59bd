import { nameOf } from "../../describe.ts";
import { StemmaError } from "../../errors.ts";
import type { Graph, Node } from "../../graph.ts";
import type { Urn } from "../../urn.ts";
import { formatUrn } from "../../urn.ts";
import type { ExportContext } from "../context.ts";
import { digestsOf } from "../digests.ts";
import { GraphView, isActivity } from "../graph-view.ts";
import { provenanceOf } from "./provenance.ts";

/**
 * A statement of in-toto, version 1, that says by SLSA provenance where a thing comes from. What it is about has to have a digest:
 * of a model without one, what its run left in Pachyderm stands for it. Throws UNSUPPORTED where there is no digest at all.
 */
export function toInToto(graph: Graph & { readonly root: Urn }, context: ExportContext): string {
  const view = new GraphView(graph);
  const root = view.node(graph.root);
  const subjects = subjectsOf(view, root);
  if (subjects.length === 0)
    throw new StemmaError(
      "UNSUPPORTED",
      `no digest is known of ${nameOf(root)}, nor of what was made with it: in-toto demands one.`,
      {
        hint: "Export the commit or the file that holds it.",
      },
    );
  const statement = {
    _type: "https://in-toto.io/Statement/v1",
    subject: subjects.map((node) => ({ name: formatUrn(node), digest: digestsOf(node) })),
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: provenanceOf(view, root, subjects, context),
  };
  return `${JSON.stringify(statement)}\n`;
}

function subjectsOf(view: GraphView, root: Node): readonly Node[] {
  if (!isActivity(root) && hasDigest(root)) return [root];
  const makers = view.origins([root]).filter(isActivity);
  const nearest = isActivity(root) ? [root] : makers.slice(0, 1);
  const around = nearest.flatMap((node) => view.withPlaces(node));
  const made = around.flatMap((node) => view.below(node, "generated")).filter(hasDigest);
  return [...new Set(made)];
}

function hasDigest(node: Node): boolean {
  return Object.keys(digestsOf(node)).length > 0;
}
