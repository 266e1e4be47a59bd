import { StemmaError, orAbsent } from "../../lineage/errors.ts";
import type { FileNames } from "../../lineage/graph.ts";
import { fileNames } from "../../lineage/graph.ts";
import type { Statement } from "../../lineage/store/lineage-index.ts";
import type { CommitIdentity, Urn } from "../../lineage/urn.ts";
import { formatUrn, parseUrn } from "../../lineage/urn.ts";
import type { JobInfo, JobName } from "../../pachyderm/types.ts";
import { TERMINAL_JOB_STATES } from "../../pachyderm/types.ts";
import { inBatches, mapAtOnce } from "../at-once.ts";
import { commitIdentity, jobIdentity, jobName } from "../nodes.ts";
import { commitAsSeen } from "../skipped-datums.ts";
import { readCommit } from "./commits.ts";
import type { Mark } from "./new-items.ts";
import { newItems } from "./new-items.ts";
import { readProgress, stillOpen, writeProgress } from "./progress.ts";
import { jobStatement } from "./statements.ts";
import type { Reading, Turn } from "./turn.ts";

const CURSOR = "pachyderm:jobs";
const BATCH = 200;

/** Datums of a job that are read to name the files of the commits that it used. */
const MAX_NAMED_DATUMS = 200;

/** Reads the jobs of all pipelines that are new, and those again that were not done. Their commits are read before. */
export async function syncJobs(turn: Turn): Promise<void> {
  const { index, source } = turn;
  await rereadOpen(turn);
  const list = {
    newest: (number: number) => source.listJobs({ number }),
    after: (after: Date | undefined) => source.listJobs({ oldestFirst: true, after }),
    markOf: ({ job, created }: JobInfo) => ({ id: urnOfJob(job), time: created.getTime() }),
  };
  const mark = turn.full ? undefined : readProgress(index, CURSOR).mark;
  for await (const batch of inBatches(newItems(list, mark), BATCH)) {
    const last = batch.at(-1);
    await noteJobs(turn, batch, last === undefined ? mark : list.markOf(last));
  }
}

/** Reads one job and notes it; undefined when it is not there. */
export async function readJob(reading: Reading, name: JobName): Promise<JobInfo | undefined> {
  const info = await orAbsent(reading.source.inspectJob(name));
  if (info === undefined) return undefined;
  const statement = await stateJob(reading, info);
  reading.index.write((writer) => writer.say(statement));
  return info;
}

async function rereadOpen(turn: Turn): Promise<void> {
  const { index, source } = turn;
  const { open, mark } = readProgress(index, CURSOR);
  if (open.length === 0) return;
  const infos = await mapAtOnce(open, (urn) => orAbsent(source.inspectJob(jobOfUrn(urn))));
  const gone = open.filter((_, at) => infos[at] === undefined);
  index.write((writer) => {
    for (const urn of gone) writer.markGone(urnOfJob(jobOfUrn(urn)), turn.at);
    writeProgress(writer, CURSOR, {
      mark,
      open: stillOpen(
        open,
        gone.map((urn) => [urn, true]),
      ),
    });
  });
  await noteJobs(
    turn,
    infos.filter((info) => info !== undefined),
    mark,
  );
}

async function noteJobs(turn: Turn, batch: readonly JobInfo[], mark: Mark | undefined): Promise<void> {
  const { index } = turn;
  const statements = await mapAtOnce(batch, (info) => stateJob(turn, info));
  index.write((writer) => {
    for (const statement of statements) writer.say(statement);
    const states = batch.map((info) => [urnOfJob(info.job), isDone(info)] as const);
    writeProgress(writer, CURSOR, { mark, open: stillOpen(readProgress(index, CURSOR).open, states) });
  });
  for (const info of batch) turn.noteVersion(info);
  turn.note(
    "jobs",
    batch.map(({ job }) => urnOfJob(job)),
  );
}

async function stateJob(reading: Reading, info: JobInfo): Promise<Statement> {
  const used = await usedCommits(reading, info);
  const { total } = info.datums;
  const isNamed = isDone(info) && total > 0 && total <= MAX_NAMED_DATUMS;
  return jobStatement(info, used, isNamed ? await filesRead(reading, info, used) : new Map());
}

/** What the output commit came from, as was noted when it was read; when it was dropped and its job was not, what the job says. */
async function usedCommits({ index, source }: Reading, info: JobInfo): Promise<readonly CommitIdentity[]> {
  const job = urnOfJob(info.job);
  const { repo, id } = info.outputCommit;
  const isKnown = index.record(formatUrn(commitIdentity(info.outputCommit)))?.rank === "source";
  if (isKnown || (await readCommit({ index, source }, repo, id)) !== undefined)
    return index.edgesUp(job).flatMap(({ kind, to }) => (kind === "used" ? commitsNamed(to) : []));
  const inputs = await mapAtOnce(info.inputs, ({ repo: from, commit }) =>
    orAbsent(source.inspectCommit({ repo: from, at: commit })),
  );
  return inputs.flatMap((input) => (input === undefined ? [] : [commitIdentity(input.commit)]));
}

function commitsNamed(urn: Urn): readonly CommitIdentity[] {
  const identity = parseUrn(urn);
  return identity.kind === "commit" ? [identity] : [];
}

/** The paths that a job's datums took of each commit: a folder's stands for all below it. None when they cannot be listed. */
async function filesRead(
  { source }: Reading,
  { job }: JobInfo,
  used: readonly CommitIdentity[],
): Promise<ReadonlyMap<string, FileNames>> {
  const paths = new Map<string, string[]>();
  try {
    for await (const { files } of source.listDatums(job)) {
      for (const file of files) {
        const urn = formatUrn(commitAsSeen(file.commit, used));
        const list = paths.get(urn) ?? [];
        paths.set(urn, list);
        list.push(file.path);
      }
    }
  } catch (error) {
    // A job that failed early has no datums to list; that files are not named takes nothing from the graph.
    if (!(error instanceof StemmaError) || error.code === "UNREACHABLE") throw error;
  }
  return new Map([...paths].map(([urn, list]) => [urn, fileNames(list)]));
}

function isDone({ state }: JobInfo): boolean {
  return TERMINAL_JOB_STATES.some((terminal) => terminal === state);
}

function urnOfJob(job: JobName): Urn {
  return formatUrn(jobIdentity(job));
}

function jobOfUrn(urn: string): JobName {
  const identity = parseUrn(urn);
  if (identity.kind !== "job") throw new StemmaError("INTEGRITY", `${urn} is no job.`, { hint: "Run: stemma index rebuild" });
  return jobName(identity);
}
