import { join } from "node:path";
import { refused } from "../fault.ts";
import { removeTree } from "../sandbox/remove-tree.ts";
import type { Slot } from "../sandbox/slot.ts";
import { Batch } from "./batch.ts";
import { type PlannedDatum, datumSets } from "./datum-sets.ts";
import type { JobTools } from "./job-tools.ts";
import { type JobWork, OneDatumAtATime, type Processor } from "./job-work.ts";
import { type Result, Results } from "./results.ts";
import { runDatum } from "./run-datum.ts";

/** Where a job has its slots, until it has ended. */
export function workFolder(home: string): string {
  return join(home, "work");
}

/**
 * Has workers, as many as the spec wants at once, take sets of datums until there are none, and records what comes of them.
 * Throws what went wrong with the work itself, when all that was under way has ended; that a datum fails is no such thing.
 */
export async function workThrough(tools: JobTools, work: JobWork, todo: readonly PlannedDatum[]): Promise<void> {
  const { state, spec } = work;
  if (spec.datumBatching && tools.sandbox.kind === "rewrite")
    throw refused("datum_batching needs a real /pfs, and this machine allows no namespaces for one");
  const failure = new AbortController();
  const fail = (error: unknown): void => failure.abort(error);
  const stoppable = { ...work, signal: AbortSignal.any([work.signal, failure.signal]) };
  const results = new Results(work, fail);
  const folder = join(workFolder(state.home), String(work.job.id));
  const sets = datumSets(todo, spec.datumSet, spec.parallelism);
  const queue = sets.values();
  const workers = Array.from({ length: Math.min(spec.parallelism, sets.length) }, async (_, number) => {
    const { workingDirectory, account, secretFiles } = work;
    const slot = tools.sandbox.openSlot({ folder: join(folder, String(number)), workingDirectory, account, secretFiles });
    await worker(stoppable, slot, queue, results).catch(fail);
  });
  await Promise.all(workers);
  await results.flush();
  await removeTree(folder);
  failure.signal.throwIfAborted();
}

async function worker(work: JobWork, slot: Slot, sets: Iterable<PlannedDatum[]>, results: Results): Promise<void> {
  const processor = work.spec.datumBatching ? new Batch(work, slot) : new OneDatumAtATime(work, slot);
  try {
    for (const set of sets) {
      if (work.signal.aborted) return;
      results.add(await runSet(work, slot, processor, set));
    }
  } finally {
    await processor.close();
    await slot.close();
  }
}

/** What came of a whole set; nothing where the work was stopped in the middle of it. */
async function runSet(work: JobWork, slot: Slot, processor: Processor, set: readonly PlannedDatum[]): Promise<Result[]> {
  const done: Result[] = [];
  using holds = new DisposableStack();
  for (const { datum, index } of set) {
    const hold = holds.use(work.state.content.hold());
    const outcome = await runDatum(work, { slot, processor, hold }, datum);
    if (work.signal.aborted) return [];
    done.push({ outcome, index, hold });
  }
  // They are let go when they are recorded.
  holds.move();
  return done;
}
