import { nameOf } from "../../describe.ts";
import type { Node } from "../../graph.ts";
import { formatUrn } from "../../urn.ts";
import { known } from "../canonical.ts";
import type { ExportContext } from "../context.ts";
import type { Activity, GraphView } from "../graph-view.ts";
import { isActivity } from "../graph-view.ts";
import type { CrateEntity } from "./entity.ts";
import { link, links, localId } from "./entity.ts";

/** The workflow as a file of the crate: which tool was run, and what each read and made. */
export const WORKFLOW_FILE = "workflow.json";
const LANGUAGE = localId("language", "stemma");

/** The main workflow, with the tools that it is made of. */
export function toWorkflow(view: GraphView, context: ExportContext): readonly CrateEntity[] {
  const tools = new Map(view.activities.map((node) => toolOf(view, node)).map((tool) => [tool["@id"], tool]));
  const images = [...tools.values()].flatMap((tool) => imageOf(view, tool));
  return [
    {
      "@id": WORKFLOW_FILE,
      "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
      name: "What ran, in order",
      programmingLanguage: link(LANGUAGE),
      encodingFormat: "application/json",
      version: context.version,
      hasPart: links([...tools.keys()]),
    },
    { "@id": LANGUAGE, "@type": "ComputerLanguage", name: "stemma lineage graph", version: context.version },
    ...tools.values(),
    ...images,
  ];
}

/** What an activity executed: the version of its pipeline, the code of its run, or else a program of which nothing is known. */
export function toolOf(view: GraphView, node: Activity): CrateEntity {
  const places = view.withPlaces(node);
  const code = view.parents(node, "used").find(({ kind }) => kind === "code");
  const pipeline = places.flatMap((place) => view.parents(place, "of")).find(({ kind }) => kind === "pipeline");
  const tool = (node.kind === "run" ? code : undefined) ?? pipeline ?? code;
  if (tool?.kind === "code")
    return known({
      "@id": formatUrn(tool),
      "@type": "SoftwareSourceCode",
      name: nameOf(tool),
      version: tool.commit,
      codeRepository: tool.repository,
    });
  if (tool?.kind === "pipeline")
    return known({
      "@id": formatUrn(tool),
      "@type": "SoftwareApplication",
      name: nameOf(tool),
      softwareVersion: String(tool.version),
      containerImage: tool.image === undefined || tool.image === "" ? undefined : link(localId("image", tool.image)),
    });
  const name =
    node.kind === "run"
      ? (node.experiment ?? node.kind)
      : node.kind === "job" || node.kind === "datum"
        ? `${node.project}/${node.pipeline}`
        : node.kind;
  return {
    "@id": localId("program", name),
    "@type": "SoftwareApplication",
    name: `the program of ${name}`,
    softwareVersion: "unknown",
  };
}

function urns(nodes: readonly Node[]): readonly string[] {
  return nodes.map((node) => formatUrn(node));
}

function imageOf(view: GraphView, tool: CrateEntity): readonly CrateEntity[] {
  const node = view.nodes.find((each) => formatUrn(each) === tool["@id"]);
  if (node?.kind !== "pipeline" || node.image === undefined || node.image === "") return [];
  return [
    {
      "@id": localId("image", node.image),
      "@type": "ContainerImage",
      additionalType: link("https://w3id.org/ro/terms/workflow-run#DockerImage"),
      name: node.image,
    },
  ];
}

export function workflowFile(view: GraphView): string {
  const steps = view.nodes.filter(isActivity).map((node) => ({
    step: formatUrn(node),
    tool: toolOf(view, node)["@id"],
    used: urns(view.parents(node, "used")),
    made: urns(view.below(node, "generated")),
  }));
  return `${JSON.stringify({ steps }, undefined, 2)}\n`;
}
