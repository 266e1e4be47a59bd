import type { GetLogsRequest__Output as GetLogsRequest } from "../../pachyderm/generated/pps_v2/GetLogsRequest.ts";
import type { LogMessage } from "../../pachyderm/generated/pps_v2/LogMessage.ts";
import type { Database } from "../database.ts";
import { unimplemented } from "../fault.ts";
import type { LogRow } from "../job-log.ts";
import { hasEnded, inspectJob, jobById } from "../jobs.ts";
import { inspectPipeline } from "../pipelines.ts";
import type { EngineState } from "../state.ts";
import { toJobKey, toLogMessage, toPipelineKey } from "./pps-wire.ts";

/** What jobs printed, oldest first: of a pipeline, a job or one datum. `follow` goes on until the job has ended, or for ever. */
export async function* getLogs(
  state: EngineState,
  request: GetLogsRequest,
  signal: AbortSignal,
): AsyncIterableIterator<LogMessage> {
  const { db } = state;
  const scope = scopeOf(db, request);
  let last = 0;
  const more = (): LogRow[] => linesAfter(db, scope, last);
  let lines = more();
  const tail = Number(request.tail ?? 0);
  if (tail > 0) lines = lines.slice(-tail);
  for (;;) {
    for (const line of lines) {
      last = line.id;
      yield toLogMessage(db, jobById(db, line.job), line);
    }
    if (!request.follow) return;
    lines = await state.until(() => {
      const found = more();
      return found.length > 0 || isOver(db, scope) ? found : undefined;
    }, signal);
    if (lines.length === 0) return;
  }
}

interface Scope {
  readonly pipeline: number | undefined;
  readonly job: number | undefined;
  readonly datum: string;
  readonly sinceMs: number;
}

function scopeOf(db: Database, request: GetLogsRequest): Scope {
  if (request.master) throw unimplemented("the embedded engine keeps the logs of jobs only");
  if (request.data_filters?.length) throw unimplemented("the embedded engine does not filter logs by data");
  const key =
    request.job === undefined && request.datum?.job === undefined ? undefined : toJobKey(request.job ?? request.datum?.job);
  const job = key === undefined ? undefined : inspectJob(db, key.pipeline, key.id).id;
  const pipeline = key === undefined ? inspectPipeline(db, toPipelineKey(request.pipeline)).id : undefined;
  const seconds = Number(request.since?.seconds ?? 0);
  return { pipeline, job, datum: request.datum?.id ?? "", sinceMs: seconds === 0 ? 0 : Date.now() - seconds * 1000 };
}

function linesAfter(db: Database, scope: Scope, last: number): LogRow[] {
  return db.all(
    `SELECT l.* FROM logs l JOIN jobs j ON j.id = l.job WHERE l.id > ? AND l.time >= ? AND ? IN ('', l.datum)
     AND (j.id = ? OR j.pipeline = ?) ORDER BY l.id`,
    last,
    scope.sinceMs,
    scope.datum,
    scope.job ?? 0,
    scope.pipeline ?? 0,
  );
}

function isOver(db: Database, scope: Scope): boolean {
  return scope.job !== undefined && hasEnded(jobById(db, scope.job));
}
