import { type JobRow, outputCommit, setJobState } from "../pps/jobs.ts";
import { reasonOf } from "../sandbox/slot.ts";
import { writeToUrl } from "../urls/urls.ts";
import type { JobTools } from "./job-tools.ts";

/** Writes a job's output to the URL that its spec has for that. Answers what went wrong, or nothing. */
export async function writeOutput(
  { state, urls, logs }: JobTools,
  job: JobRow,
  url: string,
  signal: AbortSignal,
): Promise<string> {
  state.write((tx) => setJobState(tx, job, "JOB_EGRESSING"));
  const { root } = outputCommit(state.db, job);
  using hold = state.content.hold();
  hold.keep(root);
  try {
    const bytes = await writeToUrl(state, until(signal, state.files(root).files()), url, urls);
    logs.add({ job: job.id, datum: "", source: "worker", message: `wrote ${bytes} bytes of output to ${url}` });
    return "";
  } catch (error) {
    return `the output could not be written to ${url}: ${(error as Error).message}`;
  }
}

/** The items, until the signal aborts: then there is an error instead of the next. */
function* until<T>(signal: AbortSignal, items: Iterable<T>): IterableIterator<T> {
  for (const item of items) {
    if (signal.aborted) throw new Error(reasonOf(signal));
    yield item;
  }
}
