import type { JobNode, PipelineNode } from "../lineage/graph.ts";
import { fileNames } from "../lineage/graph.ts";
import { StemmaError } from "../lineage/errors.ts";
import type { Gap, Step } from "../lineage/walk.ts";
import type { CommitName, JobInfo } from "../pachyderm/types.ts";
import { TERMINAL_JOB_STATES } from "../pachyderm/types.ts";
import { dataProvenance } from "./commit-steps.ts";
import {
  above,
  below,
  commitName,
  jobIdentity,
  jobName,
  missing,
  pipelineOf,
  toJobNode,
  toPipelineNode,
  wider,
} from "./nodes.ts";
import { commitKey } from "./pachyderm-records.ts";
import type { Records } from "./records.ts";
import { gather, lookUpCommit } from "./records.ts";
import { runsOfCommit } from "./runs-of-commit.ts";

/** Datums that are read only to name the files of a commit that a job used. */
const MAX_NAMED_DATUMS = 1_000;

/** From a job to its pipeline's version and the commits that it used, with the files that its datums name. */
export async function upJob(records: Records, node: JobNode): Promise<Step> {
  const info = await inspectJob(records, node);
  return gather(node, [async () => ofPipeline(records, node, info), async () => usedCommits(records, node, info)]);
}

export async function inspectJob({ pachyderm }: Records, node: JobNode): Promise<JobInfo> {
  const info = await pachyderm.findJob(jobName(node));
  if (info === undefined) throw new StemmaError("NOT_FOUND", `the job ${node.pipeline}@${node.id} is gone`);
  return info;
}

/** The step from a job, or one of its datums, to the version of the pipeline. */
export async function ofPipeline({ pachyderm }: Records, from: Parameters<typeof above>[0], info: JobInfo): Promise<Step> {
  const identity = pipelineOf(info);
  const pipeline = await pachyderm.findPipeline(info.job.pipeline);
  return { neighbours: [above(from, "of", toPipelineNode(identity, pipeline))], gaps: [] };
}

async function usedCommits(records: Records, node: JobNode, info: JobInfo): Promise<Step> {
  const names = await inputCommits(records, info);
  const read = await filesRead(records, info);
  const commits = await Promise.all(names.map((name) => lookUpCommit(records, name)));
  return {
    neighbours: commits.map((commit) => {
      const paths = read.paths.get(commitKey(commitName(commit.node)));
      return above(node, "used", commit.node, paths === undefined ? undefined : fileNames(paths));
    }),
    gaps: [...commits.flatMap(({ gaps }) => gaps), ...read.gaps],
  };
}

/** What the output commit came from, or, when it was dropped and its job was not, what the job says. */
async function inputCommits({ pachyderm }: Records, info: JobInfo): Promise<readonly CommitName[]> {
  const output = await pachyderm.findCommit(info.outputCommit);
  if (output !== undefined) return dataProvenance(output);
  return Promise.all(info.inputs.map(async ({ repo, commit }) => (await pachyderm.commit(repo, commit)).commit));
}

/** The paths that a job's datums took of each commit: a folder's stands for all below it. */
async function filesRead(
  { pachyderm }: Records,
  info: JobInfo,
): Promise<{ readonly paths: ReadonlyMap<string, readonly string[]>; readonly gaps: readonly Gap[] }> {
  if (info.datums.total === 0) return { paths: new Map(), gaps: [] };
  if (info.datums.total > MAX_NAMED_DATUMS) {
    const why = `it has ${info.datums.total} datums, so the files that it read are not named; trace a file of its output to see them`;
    return { paths: new Map(), gaps: [wider(jobIdentity(info.job), why)] };
  }
  try {
    const files = [...(await pachyderm.datums(info.job)).values()].flatMap((datum) => datum.files);
    const keyed = await Promise.all(
      files.map(async ({ commit, path }) => ({ key: commitKey((await pachyderm.commit(commit.repo, commit.id)).commit), path })),
    );
    const grouped = Map.groupBy(keyed, ({ key }) => key);
    return { paths: new Map([...grouped].map(([key, list]) => [key, list.map(({ path }) => path)])), gaps: [] };
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
    return {
      paths: new Map(),
      gaps: [
        wider(jobIdentity(info.job), `its datums cannot be listed, so the files that it read are not named (${error.message})`),
      ],
    };
  }
}

/** From a job to the commit that it made and the runs within it. */
export async function downJob(records: Records, node: JobNode): Promise<Step> {
  const info = await inspectJob(records, node);
  const output = await lookUpCommit(records, info.outputCommit);
  const { runs, gaps } = output.node.state === "gone" ? { runs: [], gaps: [] } : await runsOfCommit(records, info.outputCommit);
  const own = runs.filter((run) => run.job === undefined || run.job === node.id);
  const kept = runs.filter((run) => !own.includes(run)).map((run) => run.node.id);
  return {
    neighbours: [
      ...own.map((run) => below(node, "within", run.node)),
      below(node, "generated", { ...output.node, runCards: kept }),
    ],
    gaps: [...gaps, ...output.gaps, ...unfinished(info)],
  };
}

/** A gap for a job that is still at work. */
export function unfinished({ job, state }: JobInfo): readonly Gap[] {
  if (TERMINAL_JOB_STATES.some((terminal) => terminal === state)) return [];
  return [missing(jobIdentity(job), `the job is not done (${state}), and may yet make more`)];
}

/** From a version of a pipeline to its jobs. */
export async function downPipeline({ pachyderm }: Records, node: PipelineNode): Promise<Step> {
  const jobs = await pachyderm.jobsOf({ project: node.project, name: node.pipeline });
  const own = jobs.filter((info) => info.pipelineVersion === node.version);
  const present = await pachyderm.findPipeline({ project: node.project, name: node.pipeline });
  return {
    neighbours: own.map((info) => below(node, "of", toJobNode(info))),
    gaps:
      present?.version === node.version ? [] : [missing(node, "Pachyderm lists the jobs of a pipeline's present version only")],
  };
}
