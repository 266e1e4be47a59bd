import type { Graph, Node } from "../../graph.ts";
import type { Urn } from "../../urn.ts";
import { formatUrn } from "../../urn.ts";
import { canonicalJson } from "../canonical.ts";
import type { ExportContext } from "../context.ts";
import { GraphView, isActivity } from "../graph-view.ts";
import { uuidOf } from "../uuid.ts";
import { rootComponent, toComponent } from "./component.ts";
import { toFormula } from "./formula.ts";

/** A graph as a bill of materials of CycloneDX 1.6: models, data and code as components, jobs and runs as the tasks of a workflow. */
export function toCycloneDx(graph: Graph & { readonly root: Urn }, context: ExportContext): string {
  const view = new GraphView(graph);
  const root = view.node(graph.root);
  const components = view.entities.filter((node) => node !== root);
  const bom = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(canonicalJson([graph.root, view.nodes, view.edges]))}`,
    version: 1,
    metadata: {
      timestamp: context.now.toISOString(),
      tools: { components: [{ type: "application", name: "stemma", version: context.version }] },
      component: rootComponent(view, root),
    },
    components: components.map((node) => toComponent(view, node)),
    dependencies: dependencies(view, [root, ...components]),
    ...(view.activities.length === 0 ? {} : { formulation: [toFormula(view)] }),
  };
  return `${JSON.stringify(bom, undefined, 2)}\n`;
}

/** What each thing was made from: over the job or run between, as those are no components. */
function dependencies(view: GraphView, nodes: readonly Node[]): readonly object[] {
  const listed = new Set(nodes.map((node) => formatUrn(node)));
  return nodes.map((node) => {
    const makers = view.parents(node, "generated");
    const around = [...makers, ...(isActivity(node) ? [node] : [])].flatMap((maker) => view.withPlaces(maker));
    const used = around.flatMap((maker) => view.above(maker, "used").concat(view.above(maker, "of")));
    const origins = [...used, ...view.above(node, "derived")]
      .map(({ edge }) => edge.to)
      .filter((urn) => listed.has(urn) && urn !== formatUrn(node));
    return { ref: formatUrn(node), dependsOn: [...new Set(origins)].sort() };
  });
}
