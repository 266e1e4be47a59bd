import type {
  ArtifactIdentity,
  BatchIdentity,
  CodeIdentity,
  CommitIdentity,
  DatasetIdentity,
  DatumIdentity,
  DeploymentIdentity,
  FileIdentity,
  Identity,
  JobIdentity,
  LoggedModelIdentity,
  ModelVersionIdentity,
  PipelineIdentity,
  RunIdentity,
  Urn,
} from "./urn.ts";
import { formatUrn, parseUrn } from "./urn.ts";

/** What every node can say of itself. */
interface Facts {
  /** In the source's own words, in lower case. */
  readonly state?: string | undefined;
  /** When it was done, or else when it began. */
  readonly time?: Date | undefined;
  /** Why it failed. */
  readonly reason?: string | undefined;
  /** When it was seen to be gone from its source. */
  readonly gone?: Date | undefined;
  /** True for a try that another one replaced. */
  readonly attempt?: boolean | undefined;
}

export interface CommitNode extends CommitIdentity, Facts {
  /** The runs whose cards lie in this commit. */
  readonly runCards?: readonly string[] | undefined;
  /** The id of the commit before it on its branch. */
  readonly parent?: string | undefined;
  readonly description?: string | undefined;
  readonly sizeBytes?: number | undefined;
}

export interface FileNode extends FileIdentity, Facts {
  readonly sizeBytes?: number | undefined;
  readonly hash?: string | undefined;
  /** The datum that wrote it, where one did. */
  readonly datum?: string | undefined;
}

export interface PipelineNode extends PipelineIdentity, Facts {
  readonly image?: string | undefined;
  readonly command?: readonly string[] | undefined;
  /** SHA-256 of its effective specification, hexadecimal. */
  readonly specDigest?: string | undefined;
}

export interface JobNode extends JobIdentity, Facts {
  readonly began?: Date | undefined;
  readonly version?: number | undefined;
  readonly datums?: JobDatums | undefined;
}

/** How many datums a job had, and what became of them. */
interface JobDatums {
  readonly total: number;
  readonly processed: number;
  readonly skipped: number;
  readonly failed: number;
  readonly recovered: number;
}

export interface DatumNode extends DatumIdentity, Facts {}

export interface RunNode extends RunIdentity, Facts {
  readonly name?: string | undefined;
  readonly experiment?: string | undefined;
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly metrics?: Readonly<Record<string, number>> | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly began?: Date | undefined;
  /** The page of MLflow that shows it. */
  readonly link?: string | undefined;
  /** The run that counts in its stead, where MLflow made two of one. */
  readonly supersededBy?: string | undefined;
}

export interface DatasetNode extends DatasetIdentity, Facts {
  readonly sourceType?: string | undefined;
  readonly source?: string | undefined;
  /** OpenLineage facets, as they came. */
  readonly facets?: Readonly<Record<string, unknown>> | undefined;
}

export interface ModelVersionNode extends ModelVersionIdentity, Facts {
  readonly aliases?: readonly string[] | undefined;
  /** One of MLflow's old stages, in its words; left out for "None". */
  readonly stage?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly source?: string | undefined;
}

export interface LoggedModelNode extends LoggedModelIdentity, Facts {
  readonly name?: string | undefined;
  readonly experiment?: string | undefined;
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly metrics?: Readonly<Record<string, number>> | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly link?: string | undefined;
}

interface ArtifactNode extends ArtifactIdentity, Facts {
  readonly sizeBytes?: number | undefined;
  /** SHA-256, hexadecimal. */
  readonly sha256?: string | undefined;
}

export interface CodeNode extends CodeIdentity, Facts {
  readonly repository?: string | undefined;
}

export interface DeploymentNode extends DeploymentIdentity, Facts {
  readonly name?: string | undefined;
}

/** A thing or a doing, with what is known of it. */
export type Node =
  | CommitNode
  | FileNode
  | PipelineNode
  | JobNode
  | DatumNode
  | RunNode
  | DatasetNode
  | ModelVersionNode
  | ArtifactNode
  | LoggedModelNode
  | DeploymentNode
  | CodeNode
  | (BatchIdentity & Facts);

/**
 * The meaning that W3C PROV gives them: an activity `used` an entity; an entity was `generated` by an activity, or `derived` from
 * an entity; an activity ran `within` another, and a file or datum lies `within` its commit or job; a job is `of` a pipeline version.
 */
export type EdgeKind = "used" | "generated" | "derived" | "within" | "of";

/** The files of a commit that were read. `names` is empty when there are too many to be listed. */
export interface FileNames {
  readonly count: number;
  readonly names: readonly string[];
}

/** Points from the later thing to what it came from. */
export interface Edge {
  readonly from: Urn;
  readonly to: Urn;
  readonly kind: EdgeKind;
  /** On an edge to a commit: which of its files. */
  readonly files?: FileNames | undefined;
}

export interface Graph {
  readonly nodes: ReadonlyMap<Urn, Node>;
  readonly edges: readonly Edge[];
}

const MAX_FILE_NAMES = 20;

export function fileNames(paths: Iterable<string>): FileNames {
  const names = [...new Set(paths)].sort();
  return { count: names.length, names: names.length > MAX_FILE_NAMES ? [] : names };
}

export function edge(from: Identity, kind: EdgeKind, to: Identity, files?: FileNames): Edge {
  return { from: formatUrn(from), to: formatUrn(to), kind, ...(files === undefined ? {} : { files }) };
}

/** True for an edge from a folder to a file in it. */
export function isMembership({ from, to, kind }: Edge): boolean {
  return kind === "derived" && from.endsWith("/") && to.startsWith(from);
}

/**
 * True for an edge that only says where something lies: a file in its commit, a datum in its job. A walk notes it and does not
 * follow it, for what came from a file did not come from the whole commit.
 */
export function isPlacing({ from, kind }: Edge): boolean {
  return kind === "within" && (from.startsWith("urn:stemma:file:") || from.startsWith("urn:stemma:datum:"));
}

/** Edges that are the same but for what they say about files. */
export function edgeKey({ from, kind, to }: Edge): string {
  return `${from} ${kind} ${to}`;
}

/** The edges that leave and that reach each node, in the graph's order. */
export function adjacency(edges: Iterable<Edge>): {
  readonly up: ReadonlyMap<Urn, readonly Edge[]>;
  readonly down: ReadonlyMap<Urn, readonly Edge[]>;
} {
  const up = new Map<Urn, Edge[]>();
  const down = new Map<Urn, Edge[]>();
  for (const each of edges) {
    append(up, each.from, each);
    append(down, each.to, each);
  }
  return { up, down };
}

/** A node of which nothing is known but that others speak of it. */
export function bareNode(urn: Urn): Node {
  return parseUrn(urn);
}

function append(map: Map<Urn, Edge[]>, key: Urn, value: Edge): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
