import { StemmaError } from "../lineage/errors.ts";
import type { FileNode } from "../lineage/graph.ts";
import type { Gap, Neighbour, Step } from "../lineage/walk.ts";
import type { CommitInfo, CommitName, JobInfo } from "../pachyderm/types.ts";
import { consumersOf, dataProvenance, jobOfCommit } from "./commit-steps.ts";
import { unfinished } from "./job-steps.ts";
import { above, below, commitName, missing, toCommitNode, toDatumNode, toFileNode, toJobNode, wider } from "./nodes.ts";
import { MAX_FILES_BELOW } from "./read-files.ts";
import type { Records } from "./records.ts";
import { concat, gather, lookUpCommit } from "./records.ts";
import { runsReading } from "./run-steps.ts";
import { runsOfCommit } from "./runs-of-commit.ts";

/** From a file to the datum and run that wrote it. A file that a user put came from nothing. */
export async function upFile(records: Records, node: FileNode): Promise<Step> {
  const name = commitOf(node);
  const info = await records.pachyderm.commit(name.repo, name.id);
  const place = above(node, "within", toCommitNode(info));
  return gather(node, [async () => ({ neighbours: [place], gaps: [] }), async () => originsOfFile(records, node, info)]);
}

/** From a file to the datums and runs that read it. */
export async function downFile(records: Records, node: FileNode): Promise<Step> {
  const name = commitOf(node);
  const info = await records.pachyderm.commit(name.repo, name.id);
  return gather(node, [
    async () => ({ neighbours: [above(node, "within", toCommitNode(info))], gaps: [] }),
    async () =>
      concat(await Promise.all((await consumersOf(records, info)).map((consumer) => downConsumer(records, node, consumer)))),
    async () => runsReading(records, name, node, (path) => covers(path, node.path) || covers(node.path, path)),
  ]);
}

async function originsOfFile(records: Records, node: FileNode, info: CommitInfo): Promise<Step> {
  if (node.path.endsWith("/")) return filesInFolder(records, node);
  const job = await jobOfCommit(records, info);
  if (job === undefined) return originsWithoutJob(records, node, info);
  // What a datum lists of its inputs need not say which datum wrote them.
  const datum = node.datum ?? toFileNode(await records.pachyderm.file(info.commit, node.path), info.commit).datum;
  if (datum === undefined) return widened(node, job, "no datum is named as its writer");
  const { runs, gaps } = await runsOfCommit(records, info.commit);
  const writers = runs.filter((run) => run.datum === datum).map((run) => above(node, "generated", run.node));
  const step = await datumOf(records, node, job, datum);
  return { neighbours: [...step.neighbours, ...writers], gaps: [...step.gaps, ...gaps] };
}

async function datumOf({ pachyderm }: Records, node: FileNode, job: JobInfo, id: string): Promise<Step> {
  try {
    return { neighbours: [above(node, "generated", toDatumNode(await pachyderm.datum(job.job, id)))], gaps: [] };
  } catch (error) {
    if (!(error instanceof StemmaError) || error.code === "UNREACHABLE") throw error;
    return widened(node, job, error.message);
  }
}

function widened(node: FileNode, job: JobInfo, why: string): Step {
  return {
    neighbours: [above(node, "generated", toJobNode(job))],
    gaps: [wider(node, `it counts as made from all that its job used (${why})`)],
  };
}

async function filesInFolder({ pachyderm }: Records, node: FileNode): Promise<Step> {
  const name = commitOf(node);
  const files = await pachyderm.filesBelow(name, node.path, MAX_FILES_BELOW);
  if (files !== undefined) return { neighbours: files.map((file) => above(node, "derived", toFileNode(file, name))), gaps: [] };
  const whole = toCommitNode(await pachyderm.commit(name.repo, name.id));
  return {
    neighbours: [above(node, "derived", whole)],
    gaps: [wider(node, `more than ${MAX_FILES_BELOW} files are in it, so the whole commit stands for them`)],
  };
}

async function originsWithoutJob(records: Records, node: FileNode, info: CommitInfo): Promise<Step> {
  const names = dataProvenance(info);
  const origins = await Promise.all(names.map((name) => lookUpCommit(records, name)));
  const isJobGone = info.directProvenance.some(({ repo }) => repo.type === "spec" && repo.name === node.repo);
  const gaps: Gap[] = isJobGone ? [missing(node, "the job that made it is gone")] : [];
  if (origins.length > 0) gaps.push(wider(node, "no job tells which files it came from, so all of the commits do"));
  return {
    neighbours: origins.map((origin) => above(node, "derived", origin.node)),
    gaps: [...gaps, ...origins.flatMap((origin) => origin.gaps)],
  };
}

async function downConsumer(records: Records, node: FileNode, name: CommitName): Promise<Step> {
  const info = await records.pachyderm.findCommit(name);
  if (info === undefined) return { neighbours: [], gaps: [] };
  const job = await jobOfCommit(records, info);
  if (job === undefined)
    return {
      neighbours: [below(node, "derived", toCommitNode(info))],
      gaps: [wider(node, "no job tells which files came from it, so whole commits do")],
    };
  try {
    const readers = await records.readers.of(job, commitOf(node), node.path);
    const neighbours: readonly Neighbour[] = readers.map((datum) => below(node, "used", toDatumNode(datum)));
    return { neighbours, gaps: unfinished(job) };
  } catch (error) {
    if (!(error instanceof StemmaError) || error.code === "UNREACHABLE") throw error;
    return {
      neighbours: [below(node, "used", toJobNode(job))],
      gaps: [
        wider(node, `a job's datums are not known, so it counts as read by the whole job (${error.message})`),
        ...unfinished(job),
      ],
    };
  }
}

/** True when a path is another, or a folder above it. */
function covers(path: string, other: string): boolean {
  return path === other || other.startsWith(path.endsWith("/") ? path : `${path}/`);
}

function commitOf({ commit, ...place }: FileNode): CommitName {
  return commitName({ ...place, id: commit });
}
