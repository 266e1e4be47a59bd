import { nameOf } from "../../describe.ts";
import type { Graph } from "../../graph.ts";
import type { Urn } from "../../urn.ts";
import type { ExportContext } from "../context.ts";
import { GraphView } from "../graph-view.ts";
import { toAction, wholeAction } from "./actions.ts";
import { toDataEntities } from "./data.ts";
import type { CrateEntity } from "./entity.ts";
import { link, links } from "./entity.ts";
import { WORKFLOW_FILE, toWorkflow, workflowFile } from "./workflow.ts";

const PROFILES = [
  "https://w3id.org/ro/wfrun/process/0.5",
  "https://w3id.org/ro/wfrun/workflow/0.5",
  "https://w3id.org/ro/wfrun/provenance/0.5",
];
const WORKFLOW_RO_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0";
/** Terms of Workflow Run RO-Crate that are not in the context of RO-Crate 1.1; stated here, so that nobody has to fetch them. */
const TERMS = Object.fromEntries(
  ["sha256", "containerImage", "ContainerImage", "DockerImage"].map((term) => [
    term,
    `https://w3id.org/ro/terms/workflow-run#${term}`,
  ]),
);

/**
 * A graph as a Workflow Run RO-Crate 0.5, by the profile "provenance": the files of its folder by their names. With nothing that ran
 * in the graph, it is a crate of the profile "process", which does not ask for a workflow.
 */
export function toRoCrate(
  graph: Graph & { readonly root: Urn },
  context: ExportContext & { readonly license: string },
): ReadonlyMap<string, string> {
  const view = new GraphView(graph);
  const hasRun = view.activities.length > 0;
  const profiles = hasRun ? [...PROFILES, WORKFLOW_RO_CRATE] : PROFILES.slice(0, 1);
  const data = toDataEntities(view);
  const actions = view.activities.flatMap((node) => toAction(view, node));
  const workflow = hasRun ? [...toWorkflow(view, context), ...wholeAction(view)] : [];
  const root: CrateEntity = {
    "@id": "./",
    "@type": "Dataset",
    name: `Lineage of ${nameOf(view.node(graph.root))}`,
    description: "What it came from and what came out of it: data, code, runs.",
    datePublished: context.now.toISOString(),
    license: context.license,
    conformsTo: links(profiles),
    hasPart: links([...(hasRun ? [WORKFLOW_FILE] : []), ...data.filter(isPart).map((entity) => entity["@id"])]),
    ...(hasRun ? { mainEntity: link(WORKFLOW_FILE) } : {}),
    mentions: links(
      [...actions, ...workflow].filter(({ "@type": type }) => type === "CreateAction").map((entity) => entity["@id"]),
    ),
  };
  const entities = [descriptor(hasRun), root, ...profiles.map(profile), ...workflow, ...actions, ...data];
  const document = { "@context": ["https://w3id.org/ro/crate/1.1/context", TERMS], "@graph": once(entities) };
  const files = new Map([["ro-crate-metadata.json", `${JSON.stringify(document, undefined, 2)}\n`]]);
  return hasRun ? files.set(WORKFLOW_FILE, workflowFile(view)) : files;
}

function descriptor(hasRun: boolean): CrateEntity {
  return {
    "@id": "ro-crate-metadata.json",
    "@type": "CreativeWork",
    about: link("./"),
    conformsTo: links(["https://w3id.org/ro/crate/1.1", ...(hasRun ? [WORKFLOW_RO_CRATE] : [])]),
  };
}

function profile(id: string): CrateEntity {
  const [version = "", name = ""] = id.split("/").toReversed();
  return { "@id": id, "@type": "CreativeWork", name: `RO-Crate profile ${name}`, version };
}

function isPart({ "@type": type }: CrateEntity): boolean {
  return type === "Dataset" || type === "File";
}

function once(entities: readonly CrateEntity[]): readonly CrateEntity[] {
  return [...new Map(entities.map((entity) => [entity["@id"], entity])).values()];
}
