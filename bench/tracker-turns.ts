import { type Figure, median } from "./figure.ts";

/** What MLflow's own client is called in the table. */
export const PEER = "MLflow's client";

/** A part of the benchmark, and the most memory that the tracker took for it. */
export interface Measured {
  readonly figures: readonly Figure[];
  readonly peakMiB: number;
}

/** The medians of several works, each done so many times, one after the other, so that noise meets all alike. */
export async function inTurns<Works extends readonly (() => Promise<number>)[]>(
  rounds: number,
  works: readonly [...Works],
): Promise<{ readonly [Index in keyof Works]: number }> {
  const times = works.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, work] of works.entries()) times[index]?.push(await work());
  }
  return times.map(median) as { [Index in keyof Works]: number };
}

/** How long it takes, in milliseconds. */
export async function timeMs(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
