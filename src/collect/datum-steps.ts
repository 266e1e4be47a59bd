import type { DatumNode } from "../lineage/graph.ts";
import type { Gap, Step } from "../lineage/walk.ts";
import type { FileInfo, JobInfo } from "../pachyderm/types.ts";
import { inspectJob, ofPipeline, unfinished } from "./job-steps.ts";
import { above, below, jobIdentity, toFileNode, toJobNode, wider } from "./nodes.ts";
import { readFiles } from "./read-files.ts";
import type { Records } from "./records.ts";
import { gather } from "./records.ts";
import { runsOfCommit } from "./runs-of-commit.ts";

/** From a datum to the files that it read and the version of its pipeline. */
export async function upDatum(records: Records, node: DatumNode): Promise<Step> {
  const job = await jobOfDatum(records, node);
  return gather(node, [
    async () => placed(node, job),
    async () => ofPipeline(records, node, job),
    async () => filesOfDatum(records, node, job),
  ]);
}

/** From a datum to the files that it wrote and the runs within it. */
export async function downDatum(records: Records, node: DatumNode): Promise<Step> {
  const job = await jobOfDatum(records, node);
  return gather(node, [
    async () => placed(node, job),
    async () => {
      const { runs, gaps } = await runsOfCommit(records, job.outputCommit);
      const own = runs.filter((run) => run.datum === node.id && (run.job === undefined || run.job === node.job));
      return { neighbours: own.map((run) => below(node, "within", run.node)), gaps: [...gaps, ...unfinished(job)] };
    },
    async () => ({ neighbours: [], gaps: folderGaps(job, (await records.pachyderm.datum(job.job, node.id)).files) }),
    async () => {
      const files = await records.pachyderm.writtenBy(job.outputCommit, node.id);
      return { neighbours: files.map((file) => below(node, "generated", toFileNode(file, job.outputCommit))), gaps: [] };
    },
  ]);
}

function jobOfDatum(records: Records, { project, pipeline, job }: DatumNode): Promise<JobInfo> {
  return inspectJob(records, { kind: "job", project, pipeline, id: job });
}

function placed(node: DatumNode, job: JobInfo): Step {
  return { neighbours: [above(node, "within", toJobNode(job))], gaps: [] };
}

async function filesOfDatum(records: Records, node: DatumNode, job: JobInfo): Promise<Step> {
  const { files } = await records.pachyderm.datum(job.job, node.id);
  const step = await gather(
    node,
    files.map((file) => async () => {
      const { commit } = await records.pachyderm.commit(file.commit.repo, file.commit.id);
      if (file.type === "FILE") return { neighbours: [above(node, "used", toFileNode(file, commit))], gaps: [] };
      return readFiles(records, node, commit, file.path);
    }),
  );
  return { neighbours: step.neighbours, gaps: [...step.gaps, ...folderGaps(job, files)] };
}

/** A datum that takes a folder may use any file in it: there an answer is as wide as the folder. */
function folderGaps({ job }: JobInfo, files: readonly FileInfo[]): readonly Gap[] {
  const folders = files.filter(({ type }) => type === "DIR");
  const texts = folders.map(({ commit, path }) =>
    path === "/"
      ? `a datum was the whole of ${commit.repo.name}, so what it made counts as made from every file there`
      : `a datum was a folder of ${commit.repo.name}, so what it made counts as made from every file in it`,
  );
  return [...new Set(texts)].map((text) => wider(jobIdentity(job), text));
}
