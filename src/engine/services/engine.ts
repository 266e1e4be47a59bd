import type { EngineHandlers } from "../../pachyderm/generated/stemma/Engine.ts";
import { collectGarbage } from "../upkeep/gc.ts";
import type { Parts } from "./parts.ts";

/** stemma.Engine: what a pachd does by itself, or has no call for. */
export function engineHandlers({ state, rpc }: Parts): Partial<EngineHandlers> {
  return {
    CollectGarbage: rpc.stream(({ dry_run: dryRun = false }) => atIntervals(collectGarbage(state, { dryRun }))),
  };
}

const INTERVAL_MS = 250;

/** The newest message now and then, and the last one. */
async function* atIntervals<T>(messages: AsyncIterable<T>): AsyncIterableIterator<T> {
  let newest: T | undefined;
  let next = performance.now() + INTERVAL_MS;
  for await (const message of messages) {
    newest = message;
    if (performance.now() < next) continue;
    next = performance.now() + INTERVAL_MS;
    newest = undefined;
    yield message;
  }
  if (newest !== undefined) yield newest;
}
