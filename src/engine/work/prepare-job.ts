import { type CommitRow, commitById, goodRoot } from "../pfs/commits.ts";
import type { Database } from "../store/database.ts";
import { planJob } from "../pps/datum-plan.ts";
import { type DoneDatum, doneBy, idsDealtWith, outputsOf, recordSkipped } from "../pps/datum-runs.ts";
import type { Datum } from "../pps/datums.ts";
import { inOrder } from "../tree/edit-order.ts";
import { fileKey } from "../files/file-set.ts";
import { type JobRow, outputCommit } from "../pps/jobs.ts";
import type { Transaction } from "../transaction.ts";
import { EMPTY_ROOT, type Edit, type NodeStore, applyEdits } from "../tree/tree.ts";
import { beginMeta } from "./meta-files.ts";

/**
 * Decides which of a job's datums are left to do, and takes the output of those, and of datums that there are no more, out of
 * its output commit. A job that is taken up again keeps what it had done.
 */
export function prepareJob(
  tx: Transaction,
  nodes: NodeStore,
  job: JobRow,
  datums: readonly Datum[],
  everyJob: boolean,
): readonly Datum[] {
  if (job.datums === null) return beginJob(tx, nodes, job, datums, everyJob);
  const dealtWith = idsDealtWith(tx.db, nodes, job);
  return datums.filter(({ id }) => !dealtWith.has(id));
}

function beginJob(tx: Transaction, nodes: NodeStore, job: JobRow, datums: readonly Datum[], everyJob: boolean): readonly Datum[] {
  const { db } = tx;
  const output = outputCommit(db, job);
  const base = baseJob(db, output);
  const done = base === undefined ? new Map<string, DoneDatum>() : doneBy(db, nodes, base.job);
  const { todo, gone } = planJob(datums, done, everyJob);
  recordSkipped(tx, nodes, job, { job: base?.job, done, gone });
  const goneFiles: Edit[] = gone.flatMap((id) => {
    const paths = outputsOf(db, done.get(id)?.run ?? 0);
    return paths.map((path) => ({ key: fileKey(path, id), entry: undefined }));
  });
  const root = base === undefined ? EMPTY_ROOT : applyEdits(nodes, base.commit.root, inOrder(goneFiles));
  const parent = output.parent === null ? undefined : commitById(db, output.parent);
  db.run("UPDATE commits SET base = ?, root = ? WHERE id = ?", goodRoot(parent), root, output.id);
  beginMeta(tx, nodes, job, base?.job, gone);
  db.run("UPDATE jobs SET data_total = ? WHERE id = ?", datums.length, job.id);
  return todo;
}

/**
 * The job that a new one builds on: of the commits before its own, that of the nearest that is good, has its files still, and
 * whose job was not deleted. Without one all datums run, and the output is theirs alone; pachd appends it to what is there.
 */
function baseJob(db: Database, output: CommitRow): { readonly job: JobRow; readonly commit: CommitRow } | undefined {
  for (let at = output.parent; at !== null;) {
    const commit = commitById(db, at);
    const job = db.get<JobRow>("SELECT * FROM jobs WHERE output_commit = ? AND state = 'JOB_SUCCESS'", commit.id);
    if (job !== undefined && commit.error === "" && commit.forgotten === 0) return { job, commit };
    at = commit.parent;
  }
  return undefined;
}
