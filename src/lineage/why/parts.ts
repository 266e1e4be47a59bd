import type {
  CodeNode,
  CommitNode,
  DatasetNode,
  Edge,
  FileNode,
  JobNode,
  LoggedModelNode,
  Node,
  PipelineNode,
  RunNode,
} from "../graph.ts";
import { isMembership } from "../graph.ts";
import type { Urn } from "../urn.ts";
import { formatUrn } from "../urn.ts";
import type { Graph } from "./graph-of.ts";

/** Files of one commit, or all of it, that belong to a chain. */
export interface DataPart {
  readonly kind: "data";
  readonly commit: CommitNode;
  /** Their paths, as far as they are known; empty for a whole commit. */
  readonly paths: readonly string[];
  /** Undefined for a whole commit. */
  readonly count: number | undefined;
  readonly sizeBytes: number | undefined;
}

/** What made something. */
export interface Making {
  readonly job: JobNode | undefined;
  readonly pipeline: PipelineNode | undefined;
  readonly runs: readonly RunNode[];
  /** How many datums of the job it took; 0 where that is not known. */
  readonly datums: number;
  /** The commits that it was made from, whose steps come later. */
  readonly from: readonly Urn[];
  readonly datasets: readonly DatasetNode[];
  /** Models that it read. */
  readonly models: readonly LoggedModelNode[];
  readonly code: readonly CodeNode[];
}

/** A step before it is in its place. */
export interface Part {
  readonly what: Node | DataPart;
  readonly made: Making | undefined;
  readonly time: number;
}

/** The steps of a graph by what was made: a root that is no data, and each commit of which anything is in it. */
export function partsOf(graph: Graph, root: Urn): ReadonlyMap<Urn, Part> {
  const parts = new Map<Urn, Part>();
  const things = new Map<Urn, Urn[]>();
  const wholes = new Map<Urn, Edge[]>();
  for (const [urn, node] of graph.nodes) {
    if (node.kind === "file" && !standsForItsFiles(graph, urn)) append(things, commitOf(node), urn);
    if (node.kind === "commit") {
      const edges = graph.down(urn).filter(({ kind }) => kind !== "within");
      if (edges.length > 0 || urn === root) append(things, urn, urn);
      if (edges.length > 0) wholes.set(urn, [...edges]);
    }
  }
  for (const [commit, urns] of things) parts.set(commit, dataPart(graph, commit, urns, wholes.get(commit) ?? []));
  const node = graph.node(root);
  if (node.kind !== "file" && node.kind !== "commit")
    parts.set(root, { what: node, made: making(graph, [root], isDoing(node)), time: timeOf(node) });
  return parts;
}

function dataPart(graph: Graph, commit: Urn, urns: readonly Urn[], whole: readonly Edge[]): Part {
  const node = graph.node(commit);
  const files = urns.map((urn) => graph.node(urn)).filter((each): each is FileNode => each.kind === "file");
  const named = whole.map(({ files: names }) => names);
  const isWhole =
    named.some((names) => names === undefined || names.names.includes("/")) || (files.length === 0 && named.length === 0);
  const paths = isWhole
    ? []
    : [...new Set([...files.map(({ path }) => path), ...named.flatMap((names) => names?.names ?? [])])].sort();
  const count = Math.max(paths.length, ...named.map((names) => names?.count ?? 0));
  const sizes = files.map(({ sizeBytes }) => sizeBytes);
  const sizeBytes =
    sizes.length === count && sizes.every((size) => size !== undefined) ? sizes.reduce((sum, size) => sum + size, 0) : undefined;
  const what: DataPart = {
    kind: "data",
    commit: node.kind === "commit" ? node : commitNode(files),
    paths,
    count: isWhole ? undefined : count,
    sizeBytes: isWhole ? (node.kind === "commit" ? node.sizeBytes : undefined) : sizeBytes,
  };
  return { what, made: making(graph, urns, false), time: timeOf(node) };
}

/** What made some things; `areDoings` says that they are themselves what was done. */
function making(graph: Graph, urns: readonly Urn[], areDoings: boolean): Making | undefined {
  const origins = urns.flatMap((urn) => graph.up(urn));
  const doings = areDoings ? urns : origins.filter(({ kind }) => kind === "generated").map(({ to }) => to);
  const derived = origins.filter(({ kind }) => kind === "derived").map(({ to }) => to);
  if (doings.length === 0 && derived.length === 0) return undefined;
  const stages = new Set(doings.map((urn) => graph.stageOf(urn)));
  const all = [...new Set([...doings, ...stages, ...doings.flatMap((urn) => withinOf(graph, urn))])];
  const nodes = all.map((urn) => graph.node(urn));
  const up = all.flatMap((urn) => graph.up(urn));
  const used = up.filter(({ kind }) => kind === "used").map(({ to }) => to);
  const inputs = used.map((urn) => graph.node(urn));
  const versions = up.filter(({ kind }) => kind === "of").map(({ to }) => graph.node(to));
  return {
    job: nodes.find((node) => node.kind === "job"),
    pipeline: versions.find((node) => node.kind === "pipeline"),
    runs: nodes.filter((node) => node.kind === "run"),
    datums: nodes.filter(({ kind }) => kind === "datum").length,
    from: [...new Set([...used, ...derived].flatMap((urn) => placeOf(graph.node(urn))))].sort(),
    datasets: inputs.filter((node) => node.kind === "dataset"),
    models: inputs.filter((node) => node.kind === "logged-model"),
    code: inputs.filter((node) => node.kind === "code"),
  };
}

/** The datums that runs ran for, and the runs of what they ran in. */
function withinOf(graph: Graph, urn: Urn): readonly Urn[] {
  const above = graph.up(urn).filter(({ kind }) => kind === "within");
  return above.map(({ to }) => to).filter((to) => ["datum", "job", "run"].includes(graph.node(to).kind));
}

function placeOf(node: Node): readonly Urn[] {
  if (node.kind === "file") return [commitOf(node)];
  return node.kind === "commit" ? [formatUrn(node)] : [];
}

/** True for a folder of which the files are in the graph: they say all of it. */
function standsForItsFiles(graph: Graph, urn: Urn): boolean {
  return graph.up(urn).some(isMembership);
}

function commitOf(file: FileNode): Urn {
  return formatUrn({ ...file, kind: "commit", id: file.commit });
}

function commitNode([file]: readonly FileNode[]): CommitNode {
  return {
    kind: "commit",
    project: file?.project ?? "",
    repo: file?.repo ?? "",
    type: file?.type ?? "user",
    id: file?.commit ?? "",
  };
}

function isDoing({ kind }: Node): boolean {
  return kind === "run" || kind === "job" || kind === "datum";
}

function timeOf({ time }: Node): number {
  return time?.getTime() ?? 0;
}

function append(map: Map<Urn, Urn[]>, key: Urn, value: Urn): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
