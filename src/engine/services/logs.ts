import type { GetLogsRequest__Output as GetLogsRequest } from "../../pachyderm/generated/pps_v2/GetLogsRequest.ts";
import type { LogMessage } from "../../pachyderm/generated/pps_v2/LogMessage.ts";
import type { EngineLog } from "../engine-log.ts";
import { JobLines, type Lines } from "./job-lines.ts";
import type { Parts } from "./parts.ts";
import { toTimestamp } from "./wire.ts";

/**
 * What jobs have printed, oldest first: those of a pipeline, one job or one datum; with neither, what the engine has said of
 * itself. `follow` goes on until the client goes away or, for a job, until that has ended.
 */
export async function* getLogs(parts: Parts, request: GetLogsRequest, signal: AbortSignal): AsyncIterableIterator<LogMessage> {
  const lines = JobLines.of(parts, request) ?? new EngineLines(parts.engineLog);
  const tail = Number(request.tail ?? 0);
  if (tail > 0) yield* lastOf(lines, tail);
  for (;;) {
    const isOver = lines.isOver();
    const found = lines.next();
    yield* found;
    if (found.length > 0) continue;
    if (!request.follow || isOver) return;
    await lines.wait(signal);
  }
}

function lastOf(lines: Lines, number: number): LogMessage[] {
  let last: LogMessage[] = [];
  for (let found = lines.next(); found.length > 0; found = lines.next()) last = [...last, ...found].slice(-number);
  return last;
}

class EngineLines implements Lines {
  readonly #log: EngineLog;
  #last = 0;

  constructor(log: EngineLog) {
    this.#log = log;
  }

  next(): LogMessage[] {
    const found = this.#log.after(this.#last);
    this.#last = found.at(-1)?.id ?? this.#last;
    return found.map(({ time, message }) => ({ ts: toTimestamp(time), message }));
  }

  isOver(): boolean {
    return false;
  }

  wait(signal: AbortSignal): Promise<void> {
    return this.#log.next(signal);
  }
}
