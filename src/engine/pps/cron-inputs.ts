import type { Alarm } from "../alarm-clock.ts";
import { commitById, sealCommit } from "../pfs/commits.ts";
import { lastTick, nextTick } from "../cron.ts";
import type { Database } from "../store/database.ts";
import { Fault } from "../fault.ts";
import { smallFileHash } from "../store/file-hash.ts";
import { USER_TAG, fileEntry, fileKey } from "../files/file-set.ts";
import { finishWhenParentHas } from "../pfs/finish.ts";
import type { PfsInput } from "./pipeline-spec.ts";
import { inspectRepo, repoById } from "../pfs/repos.ts";
import { startCommit } from "../pfs/start-commit.ts";
import type { EngineState } from "../state.ts";
import type { Transaction } from "../transaction.ts";
import { EMPTY_ROOT, type NodeStore, applyEdits } from "../tree/tree.ts";

interface CronRow {
  readonly pipeline: number;
  readonly repo: number;
  readonly spec: string;
  readonly overwrite: number;
  /** The last tick by the schedule, or from when on ticks are due. */
  readonly last: number;
  readonly next: number | null;
}

/** Of pipelines that run. */
const RUNNING = `FROM cron_inputs c JOIN pipelines p ON p.id = c.pipeline
  JOIN pipeline_versions v ON v.pipeline = p.id AND v.version = p.version WHERE v.stopped = 0 AND v.reason = ''`;

/** Takes over the cron inputs of a pipeline's new version. One that was there before goes on from its last tick. */
export function putCronInputs(tx: Transaction, pipelineId: number, inputs: readonly PfsInput[]): void {
  const { db, now } = tx;
  const before = new Map(cronInputs(db, pipelineId).map((row) => [row.repo, row.last]));
  db.run("DELETE FROM cron_inputs WHERE pipeline = ?", pipelineId);
  for (const { cron, project, repo, repoType } of inputs) {
    if (cron === undefined) continue;
    const { id } = inspectRepo(db, { project, name: repo, type: repoType });
    const last = Math.max(before.get(id) ?? 0, cron.start ?? now);
    const next = nextTick(cron.spec, last) ?? null;
    db.run("INSERT INTO cron_inputs VALUES (?, ?, ?, ?, ?, ?)", pipelineId, id, cron.spec, Number(cron.overwrite), last, next);
  }
}

export function cronInputs(db: Database, pipelineId: number): CronRow[] {
  return db.all("SELECT * FROM cron_inputs WHERE pipeline = ? ORDER BY repo", pipelineId);
}

/**
 * Writes a tick: a commit with one empty file, named by its time. With `overwrite` the files of older ticks go. Throws UNKNOWN
 * where somebody has a commit open in the repo.
 */
export function writeTick(tx: Transaction, nodes: NodeStore, cron: CronRow, time: number): void {
  const { db } = tx;
  const path = `/${new Date(time).toISOString().replace(/\.\d+Z$/, "Z")}`;
  const commit = startCommit(tx, repoById(db, cron.repo), "master", "");
  const entry = fileEntry({ chunks: [], bytes: 0, hash: smallFileHash(new Uint8Array()) });
  const root = applyEdits(nodes, cron.overwrite ? EMPTY_ROOT : commit.root, [{ key: fileKey(path, USER_TAG), entry }]);
  db.run("UPDATE commits SET root = ? WHERE id = ?", root, commit.id);
  sealCommit(tx, commit);
  finishWhenParentHas(tx, nodes, commitById(db, commit.id));
}

/**
 * Makes the ticks of all pipelines that run. For all the ticks that were missed, since the engine was off or the pipeline
 * stopped, there is one, of the newest; pachd makes up for each.
 */
export function cronAlarm(state: EngineState, log: (line: string) => void): Alarm {
  const { db, nodes } = state;
  return {
    due: () => db.get<{ next: number | null }>(`SELECT min(c.next) AS next ${RUNNING}`)?.next ?? undefined,
    ring: (now) => {
      for (const cron of db.all<CronRow>(`SELECT c.* ${RUNNING} AND c.next <= ?`, now)) {
        const time = lastTick(cron.spec, cron.last, now) ?? now;
        try {
          state.write((tx) => {
            moveOn(tx, cron, time);
            writeTick(tx, nodes, cron, time);
          });
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          log(`cron tick of repo ${repoById(db, cron.repo).name}: ${error.message}`);
          state.write((tx) => moveOn(tx, cron, time));
        }
      }
    },
  };
}

function moveOn(tx: Transaction, cron: CronRow, time: number): void {
  const next = nextTick(cron.spec, time) ?? null;
  tx.db.run("UPDATE cron_inputs SET last = ?, next = ? WHERE pipeline = ? AND repo = ?", time, next, cron.pipeline, cron.repo);
}
