import { StemmaError } from "../lineage/errors.ts";
import type { CommitNode, DatasetNode, FileNode, RunNode } from "../lineage/graph.ts";
import { fileNames } from "../lineage/graph.ts";
import type { Gap, Step } from "../lineage/walk.ts";
import type { DatasetInput, Run } from "../mlflow/types.ts";
import type { CommitInfo, CommitName, DatumInfo, JobInfo, JobName } from "../pachyderm/types.ts";
import { readFiles } from "./read-files.ts";
import { above, below, missing, toDatumNode, toFileNode, toJobNode, toRunNode, wider } from "./nodes.ts";
import { commitKey } from "./pachyderm-records.ts";
import type { Records } from "./records.ts";
import { NOTHING, concat, gather, lookUpCommit } from "./records.ts";
import { datumOfRun, foreignDatasets, inputsOfRun, jobOfRun } from "./run-links.ts";

/** Whether a walk goes through files and datums or through commits and jobs. */
export type Granularity = "file" | "commit";

/** Commits after a run's own that are asked whether they still hold its card. */
const MAX_LATER_COMMITS = 100;

/** From a run to the job or datum that it ran within, or else to the data that it says it read. */
export async function upRun(records: Records, node: RunNode, granularity: Granularity): Promise<Step> {
  const run = await records.mlflow.findRun(node.id);
  if (run === undefined) return NOTHING;
  const foreign = { neighbours: foreignDatasets(run).map((dataset) => above(node, "used", toDatasetNode(dataset))), gaps: [] };
  const place = await placeOfRun(records, node, run);
  const steps =
    place.job === undefined
      ? [await usedInputs(records, node, run, granularity)]
      : [await within(records, node, run, place.job, granularity)];
  return concat([...steps, foreign, { neighbours: [], gaps: place.gaps }]);
}

/** From a run to what it made: its output commit, or its datum's files there, and the later commits that kept them. */
export async function downRun(records: Records, node: RunNode, granularity: Granularity): Promise<Step> {
  const run = await records.mlflow.findRun(node.id);
  const job = run === undefined ? undefined : jobOfRun(run);
  if (run === undefined || job === undefined) return NOTHING;
  const name: CommitName = { repo: { ...job.pipeline, type: "user" }, id: job.id };
  const own = await lookUpCommit(records, name);
  const later = await laterHolders(records, name, run.id);
  const commits = [...(own.node.state === "gone" ? [] : [name]), ...later.commits];
  const datum = datumOfRun(run);
  const made = async (commit: CommitName): Promise<Step> => {
    const files = granularity === "file" && datum !== undefined ? await records.pachyderm.writtenBy(commit, datum) : [];
    if (files.length > 0)
      return { neighbours: files.map((file) => below(node, "generated", toFileNode(file, commit))), gaps: [] };
    const { node: whole, gaps } = await lookUpCommit(records, commit);
    return { neighbours: [below(node, "generated", whole)], gaps };
  };
  const step = await gather(
    node,
    commits.map((commit) => () => made(commit)),
  );
  return concat([step, { neighbours: [], gaps: [...own.gaps, ...later.gaps] }]);
}

/** The runs outside of jobs that read some of a commit. */
export async function runsReading(
  records: Records,
  commit: CommitName,
  node: CommitNode | FileNode,
  reads: (path: string) => boolean,
): Promise<Step> {
  const candidates = await records.mlflow.runsReading(commit.id);
  return gather(
    node,
    candidates.map((run) => async () => {
      const isInput = inputsOfRun(run).some((input) => commitKey(input.commit) === commitKey(commit) && reads(input.path));
      const runNode = toRunNode(run, records.mlflow.link(run));
      if (!isInput || (await placeOfRun(records, runNode, run)).job !== undefined) return NOTHING;
      return { neighbours: [below(node, "used", runNode)], gaps: [] };
    }),
  );
}

/** The job that a run ran in, if it says so and the job is there. */
async function placeOfRun(
  { pachyderm }: Records,
  node: RunNode,
  run: Run,
): Promise<{ readonly job: JobInfo | undefined; readonly gaps: readonly Gap[] }> {
  try {
    const name = jobOfRun(run);
    if (name === undefined) return { job: undefined, gaps: [] };
    const job = await pachyderm.findJob(name);
    return { job, gaps: job === undefined ? [missing(node, `the job that it ran in is gone: ${jobText(name)}`)] : [] };
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
    return { job: undefined, gaps: [missing(node, error.message)] };
  }
}

async function within({ pachyderm }: Records, node: RunNode, run: Run, job: JobInfo, granularity: Granularity): Promise<Step> {
  const whole = above(node, "within", toJobNode(job));
  const datum = datumOfRun(run);
  if (granularity === "commit") return { neighbours: [whole], gaps: [] };
  if (datum === undefined)
    return {
      neighbours: [whole],
      gaps: [wider(node, "it does not say which datum it ran for, so all that its job used counts as read")],
    };
  try {
    const info: DatumInfo = await pachyderm.datum(job.job, datum);
    return { neighbours: [above(node, "within", toDatumNode(info))], gaps: [] };
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
    return {
      neighbours: [whole],
      gaps: [wider(node, `its datum is not known, so all that its job used counts as read (${error.message})`)],
    };
  }
}

async function usedInputs(records: Records, node: RunNode, run: Run, granularity: Granularity): Promise<Step> {
  return gather(
    node,
    inputsOfRun(run).map((input) => async () => {
      const commit = await lookUpCommit(records, input.commit);
      const isThere = commit.node.state !== "gone" && commit.node.state !== "unknown";
      if (granularity === "file" && isThere) return readFiles(records, node, input.commit, input.path);
      return { neighbours: [above(node, "used", commit.node, fileNames([input.path]))], gaps: commit.gaps };
    }),
  );
}

/** A datum that is skipped keeps its files: the commits after a run's own that still hold its card. */
async function laterHolders(
  { pachyderm }: Records,
  { repo, id }: CommitName,
  run: string,
): Promise<{ readonly commits: readonly CommitName[]; readonly gaps: readonly Gap[] }> {
  const all: readonly CommitInfo[] = await pachyderm.commits(repo);
  const own = all.findIndex(({ commit }) => commit.id === id);
  const later = (own === -1 ? all : all.slice(0, own)).toReversed();
  const commits: CommitName[] = [];
  for (const { commit } of later.slice(0, MAX_LATER_COMMITS)) {
    if ((await pachyderm.findFile(commit, `/${run}`)) !== undefined) commits.push(commit);
  }
  const gaps =
    later.length > MAX_LATER_COMMITS
      ? [missing({ kind: "run", id: run }, `only ${MAX_LATER_COMMITS} later commits were asked whether they keep what it made`)]
      : [];
  return { commits, gaps };
}

function toDatasetNode({ name, digest, sourceType, source }: DatasetInput): DatasetNode {
  return { kind: "dataset", name, digest, sourceType, source };
}

function jobText({ pipeline, id }: JobName): string {
  return `${pipeline.project}/${pipeline.name}@${id}`;
}
