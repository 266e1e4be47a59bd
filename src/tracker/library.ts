import { setImmediate as nextTurn } from "node:timers/promises";
import { inspect } from "node:util";
import { StemmaError } from "../lineage/errors.ts";
import type { ChildEnd } from "./capture/child.ts";
import { ReportingRun, type WantedChild } from "./library-run.ts";
import type { TrackedWork } from "./library-types.ts";
import type { RecordOptions } from "./options.ts";
import type { TrackPorts } from "./ports.ts";
import { record } from "./record.ts";
import type { Session } from "./session.ts";

const LONGEST_REASON = 500;

/**
 * Calls a function with an MLflow run around it, and passes on what it returns or throws. Rejects before the call when no run
 * may be had, and after it, with INCOMPLETE or FAILED, when tracking is required or a card wanted and the record is not whole.
 */
export async function trackWork<Value>(
  ports: TrackPorts,
  options: RecordOptions,
  work: TrackedWork<Value>,
  isChild = false,
): Promise<Value> {
  const outcome = Promise.withResolvers<Value>();
  let hasBegun = false;
  try {
    const { status, exitCode } = await record(ports, options, (session) => {
      const run = openRun(ports, options, session);
      outcome.resolve(call(run, work));
      hasBegun = true;
      // The parent's process is measured already.
      const pid = isChild ? undefined : session.wanted.pid;
      return { pid, ended: endOf(outcome.promise, run, session) };
    });
    if (!hasBegun) options.signal.throwIfAborted();
    const value = await outcome.promise;
    if (status === "FINISHED") return value;
    throw new StemmaError(exitCode === 6 ? "INCOMPLETE" : "FAILED", "the work was done, but its record is not whole.", {
      hint: "The lines before say what is missing.",
    });
  } catch (error) {
    // What the function threw says more than what became of its record.
    if (hasBegun) await outcome.promise;
    throw error;
  }
}

function openRun(ports: TrackPorts, options: RecordOptions, session: Session): ReportingRun {
  const { cwd, signal } = options;
  const startChild = <Value>(child: WantedChild, work: TrackedWork<Value>): Promise<Value> =>
    trackWork(ports, { ...options, ...child, runId: undefined, parentRunId: session.run?.id }, work, true);
  return new ReportingRun(session, { cwd, signal, now: ports.now, startChild });
}

/** Not at once: work that never pauses would keep the session from beginning. */
async function call<Value>(run: ReportingRun, work: TrackedWork<Value>): Promise<Value> {
  await nextTurn();
  run.signal.throwIfAborted();
  return work(run);
}

async function endOf(outcome: Promise<unknown>, run: ReportingRun, session: Session): Promise<ChildEnd> {
  // No secret is cut in two: half of one would not look like one.
  const reasonOf = (thrown: unknown): string => session.redactor.text(firstLine(thrown)).slice(0, LONGEST_REASON);
  const end = await outcome.then(
    (): ChildEnd => ({ status: "FINISHED", exitCode: 0, how: "" }),
    (error: unknown): ChildEnd =>
      run.signal.aborted
        ? { status: "KILLED", exitCode: 1, how: `aborted: ${reasonOf(run.signal.reason)}` }
        : { status: "FAILED", exitCode: 1, how: reasonOf(error) },
  );
  await run.close();
  return end;
}

function firstLine(thrown: unknown): string {
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : inspect(thrown);
  return text.trim().split("\n")[0] ?? "";
}
