import type { Node } from "../graph.ts";
import { referenceTo } from "../reference.ts";
import type { NodeRecord } from "../store/lineage-index.ts";
import type { NodeKind } from "../urn.ts";
import { NODE_KINDS, formatUrn } from "../urn.ts";

/** A fact that can be asked for: one that has a name of its own, or one of many under a key. */
export type Field = { readonly name: FieldName } | { readonly group: Group; readonly key: string };

export const GROUPS = ["params", "metrics", "tags"] as const;
export type Group = (typeof GROUPS)[number];

/** What a thing has at a field. */
export type Value = string | number | boolean | Date;

/** Fields by name. Several values, as of aliases, are asked one by one. */
const FIELDS = {
  kind: ({ node }) => node.kind,
  name: ({ node }) => nameOf(node),
  id: ({ node }) => ("id" in node ? node.id : "commit" in node ? node.commit : undefined),
  urn: ({ node }) => formatUrn(node),
  reference: ({ node }) => referenceTo(node),
  state: ({ node }) => node.state,
  reason: ({ node }) => node.reason,
  time: ({ node, since }) => node.time ?? since,
  since: ({ since }) => since,
  gone: ({ gone }) => gone,
  attempt: ({ attempt }) => attempt ?? false,
  project: ({ node }) => ("project" in node ? node.project : undefined),
  experiment: ({ node }) => ("experiment" in node ? node.experiment : undefined),
  version: ({ node }) => ("version" in node ? node.version : undefined),
  alias: ({ node }) => (node.kind === "model-version" ? node.aliases : undefined),
  stage: ({ node }) => (node.kind === "model-version" ? node.stage : undefined),
  path: ({ node }) => ("path" in node ? node.path : undefined),
  size: ({ node }) => ("sizeBytes" in node ? node.sizeBytes : undefined),
  digest: ({ node }) => (node.kind === "dataset" ? node.digest : node.kind === "artifact" ? node.sha256 : undefined),
  image: ({ node }) => (node.kind === "pipeline" ? node.image : undefined),
} satisfies Record<string, (record: NodeRecord) => Value | readonly Value[] | undefined>;

export type FieldName = keyof typeof FIELDS;
export const FIELD_NAMES = Object.keys(FIELDS) as FieldName[];

/** Fields whose values are times, as those that they are compared with. */
export const TIME_FIELDS: ReadonlySet<string> = new Set<FieldName>(["time", "since", "gone"]);

/** The kinds that have params, metrics or tags. */
const KINDS_OF_GROUPS: Readonly<Record<Group, readonly NodeKind[]>> = {
  params: ["run", "logged-model"],
  metrics: ["run", "logged-model"],
  tags: ["run", "logged-model", "model-version"],
};

/** What a thing has at a field: nothing, one value, or several. */
export function valuesAt(record: NodeRecord, field: Field): readonly Value[] {
  const found = "name" in field ? FIELDS[field.name](record) : valueAt(keyed(record.node, field.group), field.key);
  if (found === undefined) return [];
  return isList(found) ? found : [found];
}

/** The kinds of which a thing must be to have anything at a field. */
export function kindsWith(field: Field): readonly NodeKind[] {
  return "name" in field ? NODE_KINDS : KINDS_OF_GROUPS[field.group];
}

function keyed(node: Node, group: Group): Readonly<Record<string, string | number>> | undefined {
  switch (node.kind) {
    case "run":
    case "logged-model":
      return node[group];
    case "model-version":
      return group === "tags" ? node.tags : undefined;
    default:
      return undefined;
  }
}

/** Only what is its own: a tag may be called `constructor`. */
function valueAt(record: Readonly<Record<string, string | number>> | undefined, key: string): string | number | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

/** What people call it: a run's name, a model's; of a commit its repo, of a job its pipeline. */
function nameOf(node: Node): string | undefined {
  switch (node.kind) {
    case "commit":
    case "file":
      return node.repo;
    case "pipeline":
    case "job":
    case "datum":
      return node.pipeline;
    case "run":
    case "logged-model":
    case "model-version":
    case "dataset":
    case "deployment":
      return node.name;
    default:
      return undefined;
  }
}

function isList(found: Value | readonly Value[]): found is readonly Value[] {
  return Array.isArray(found);
}
