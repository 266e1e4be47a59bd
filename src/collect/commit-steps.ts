import type { CommitNode } from "../lineage/graph.ts";
import type { Step } from "../lineage/walk.ts";
import type { CommitInfo, CommitName, JobInfo } from "../pachyderm/types.ts";
import { above, below, commitName, missing, toCommitNode, toJobNode } from "./nodes.ts";
import type { Records } from "./records.ts";
import { NOTHING, concat, gather, lookUpCommit } from "./records.ts";
import { runsReading } from "./run-steps.ts";
import { runsOfCommit } from "./runs-of-commit.ts";

/** The job that made a commit: a pipeline's job has the id of its output commit, and the pipeline the name of the repo. */
export async function jobOfCommit({ pachyderm }: Records, { commit, origin }: CommitInfo): Promise<JobInfo | undefined> {
  if (commit.repo.type !== "user" || origin === "USER") return undefined;
  return pachyderm.findJob({ pipeline: { project: commit.repo.project, name: commit.repo.name }, id: commit.id });
}

/** From a commit to the job and the runs that made it, or to the commits that it was derived from. */
export async function upCommit(records: Records, node: CommitNode): Promise<Step> {
  const name = commitName(node);
  const info = await records.pachyderm.commit(name.repo, name.id);
  const job = await jobOfCommit(records, info);
  if (job === undefined) return upUnmade(records, node, info);
  const { runs, gaps } = await runsOfCommit(records, name);
  return {
    neighbours: [above(node, "generated", toJobNode(job)), ...runs.map((run) => above(node, "generated", run.node))],
    gaps,
  };
}

/** The data that a commit was made from: without the pipeline's specification, which is no data. */
export function dataProvenance({ directProvenance }: CommitInfo): readonly CommitName[] {
  return directProvenance.filter(({ repo }) => repo.type !== "spec");
}

async function upUnmade(records: Records, node: CommitNode, info: CommitInfo): Promise<Step> {
  const origins = await Promise.all(dataProvenance(info).map((name) => lookUpCommit(records, name)));
  const wasMade = info.directProvenance.some(({ repo }) => repo.type === "spec" && repo.name === node.repo);
  return {
    neighbours: origins.map((origin) => above(node, "derived", origin.node)),
    gaps: [...origins.flatMap(({ gaps }) => gaps), ...(wasMade ? [missing(node, "the job that made it is gone")] : [])],
  };
}

/** From a commit to the jobs and runs that used it, and to what was derived from it without a job. */
export async function downCommit(records: Records, node: CommitNode): Promise<Step> {
  const { repo, id } = commitName(node);
  const info = await records.pachyderm.commit(repo, id);
  return gather(node, [
    async () =>
      concat(await Promise.all((await consumersOf(records, info)).map((consumer) => downConsumer(records, node, consumer)))),
    async () => runsReading(records, { repo, id }, node, () => true),
  ]);
}

/** The commits of data made directly from a commit. */
export async function consumersOf({ pachyderm }: Records, info: CommitInfo): Promise<readonly CommitName[]> {
  return (await pachyderm.consumers(info)).filter(({ repo }) => repo.type === "user");
}

async function downConsumer(records: Records, node: CommitNode, name: CommitName): Promise<Step> {
  const info = await records.pachyderm.findCommit(name);
  if (info === undefined) return NOTHING;
  const job = await jobOfCommit(records, info);
  if (job !== undefined) return { neighbours: [below(node, "used", toJobNode(job))], gaps: [] };
  return { neighbours: [below(node, "derived", toCommitNode(info))], gaps: [] };
}
