import { nameOf } from "../lineage/describe.ts";
import type { FileEntry } from "../lineage/diff/merge-files.ts";
import type { Values } from "../lineage/diff/values.ts";
import { StemmaError } from "../lineage/errors.ts";
import type { CommitNode, Edge, JobNode, Node, PipelineNode, RunNode } from "../lineage/graph.ts";
import type { LineageIndex } from "../lineage/store/lineage-index.ts";
import type { CommitIdentity, Urn } from "../lineage/urn.ts";
import { formatUrn, parseUrn } from "../lineage/urn.ts";
import type { Expander, Gap } from "../lineage/answer.ts";
import type { FilesOf } from "./diff-files.ts";
import { missing } from "./nodes.ts";

/** One of the two things that are compared, with what made it. */
export interface DiffSide {
  readonly node: Node;
  /** A commit that is itself compared. */
  readonly content: CommitNode | undefined;
  readonly run: RunNode | undefined;
  readonly job: JobNode | undefined;
  readonly pipeline: PipelineNode | undefined;
  /** Where the run's card lies. */
  readonly output: CommitIdentity | undefined;
  readonly inputs: readonly FilesOf[];
  readonly datasets: Values;
  readonly gaps: readonly Gap[];
}

/** Looks up what a run, model, job or commit was made of. Rejects with USAGE for anything else. */
export async function readSide(index: LineageIndex, expander: Expander, node: Node): Promise<DiffSide> {
  const near = new Nearby(index);
  const content = node.kind === "commit" ? node : undefined;
  const runs = near.runsOf(node);
  const run = runs.length === 1 ? runs[0] : undefined;
  const job = node.kind === "job" ? node : (near.above(run ?? node, "within", "job") ?? near.above(node, "generated", "job"));
  const gaps: Gap[] = [];
  if (runs.length > 1)
    gaps.push(missing(node, `${runs.length} runs made it, so their params, code and metrics are not compared here`));
  const datum = run === undefined ? undefined : near.above(run, "within", "datum");
  if (datum !== undefined) gaps.push(...(await expander.expand([formatUrn(datum)], "up")));
  const reader = [datum, job, run].find((each) => each !== undefined && near.up(each, "used").length > 0);
  return {
    node,
    content,
    run,
    job,
    pipeline: job === undefined ? undefined : near.above(job, "of", "pipeline"),
    output: content ?? near.outputOf(run ?? job),
    inputs: reader === undefined ? [] : near.filesReadBy(reader),
    datasets: run === undefined ? {} : near.datasetsOf(run),
    gaps,
  };
}

/** A run that counts. */
function isRun(node: Node): node is RunNode {
  return node.kind === "run" && node.attempt !== true;
}

type Of<Kind extends Node["kind"]> = Extract<Node, { readonly kind: Kind }>;

/** What is one step away in an index. */
class Nearby {
  readonly #index: LineageIndex;

  constructor(index: LineageIndex) {
    this.#index = index;
  }

  up(node: Node, kind: Edge["kind"]): readonly Edge[] {
    return this.#index.edgesUp(formatUrn(node)).filter((edge) => edge.kind === kind);
  }

  /** The first thing of a kind that an edge leads up to. */
  above<Kind extends Node["kind"]>(node: Node, edge: Edge["kind"], kind: Kind): Of<Kind> | undefined {
    return this.#nodes(this.up(node, edge).map(({ to }) => to)).find((each): each is Of<Kind> => each.kind === kind);
  }

  runsOf(node: Node): readonly RunNode[] {
    switch (node.kind) {
      case "run":
        return [node];
      case "commit":
        return this.#nodes(this.up(node, "generated").map(({ to }) => to)).filter(isRun);
      case "job":
        return this.#nodes(this.#below(node, "within")).filter(isRun);
      case "model-version":
      case "logged-model":
        return this.#nodes(this.#index.edgesUp(formatUrn(node)).map(({ to }) => to))
          .filter(({ kind }) => kind === "run" || kind === "logged-model")
          .flatMap((origin) => this.runsOf(origin));
      default:
        throw new StemmaError("USAGE", `diff compares runs, models, jobs and commits, and ${nameOf(node)} is none of these.`, {
          hint: "Name the run or the commit that it belongs to.",
        });
    }
  }

  /** The commit that a run or job made. */
  outputOf(node: RunNode | JobNode | undefined): CommitIdentity | undefined {
    if (node === undefined) return undefined;
    return this.#nodes(this.#below(node, "generated")).find((each) => each.kind === "commit");
  }

  /** The files, or the parts of commits, that something read; a repo's commits in the order of their names. */
  filesReadBy(reader: Node): readonly FilesOf[] {
    const files = new Map<Urn, FileEntry[]>();
    const parts: FilesOf[] = [];
    for (const { to, files: names } of this.up(reader, "used")) {
      const identity = parseUrn(to);
      if (identity.kind === "commit")
        parts.push({ commit: identity, paths: names === undefined || names.names.length === 0 ? ["/"] : names.names });
      const node = this.#index.record(to)?.node;
      if (node?.kind !== "file" || node.path.endsWith("/")) continue;
      const commit = formatUrn({ ...node, kind: "commit", id: node.commit });
      const list = files.get(commit) ?? [];
      files.set(commit, list);
      list.push({ path: node.path, sizeBytes: node.sizeBytes ?? 0, hash: node.hash ?? "" });
    }
    return [...parts.filter(({ commit }) => !files.has(formatUrn(commit))), ...[...files].map(([urn, list]) => told(urn, list))];
  }

  /** Data sets that are not of Pachyderm, by name. */
  datasetsOf(run: RunNode): Values {
    const nodes = this.#nodes(this.up(run, "used").map(({ to }) => to)).filter((each) => each.kind === "dataset");
    return Object.fromEntries(nodes.map(({ name, digest }) => [name, digest]));
  }

  #below(node: Node, kind: Edge["kind"]): readonly Urn[] {
    const edges = this.#index.edgesDown(formatUrn(node)).filter((edge) => edge.kind === kind);
    return edges.map(({ from }) => from);
  }

  #nodes(urns: readonly Urn[]): readonly Node[] {
    return urns.map((urn) => this.#index.record(urn)?.node).filter((node) => node !== undefined);
  }
}

function told(urn: Urn, files: readonly FileEntry[]): FilesOf {
  const commit = parseUrn(urn);
  if (commit.kind !== "commit") throw new StemmaError("INTEGRITY", `${urn} is no commit.`);
  return { commit, files, paths: [] };
}
