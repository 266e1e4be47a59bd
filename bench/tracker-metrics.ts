import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Effort, type Place, timePeer, track } from "./tracker-process.ts";
import { type Measured, PEER, inTurns } from "./tracker-turns.ts";

const POINTS = 100_000;

/** Many points at once, after the command wrote them; the time of a run with nothing in it is not counted. */
export async function benchMetrics(place: Place, nothingMs: number): Promise<Measured> {
  const file = await writeMetrics(place, POINTS);
  const tenth = await writeMetrics(place, POINTS / 10);
  const report = (path: string): Promise<Effort> => track(place, ["sh", "-c", 'cp "$0" "$STEMMA_REPORT/metrics.jsonl"', path]);
  const few = await report(tenth);
  const efforts: Effort[] = [];
  const [ours, peer] = await inTurns(2, [
    async () => {
      efforts.push(await report(file));
      return efforts.at(-1)?.ms ?? Number.NaN;
    },
    () => timePeer(place, "metrics.py", file),
  ]);
  const peakMiB = Math.max(...efforts.map((effort) => effort.peakMiB));
  const work = "100,000 points of 10 metrics";
  const speed = { work, ours: ours - nothingMs, peer, peerName: `${PEER}, full batches`, unit: "ms", limit: 1 / 2 };
  const flat = {
    work: "memory for 100,000 points",
    ours: peakMiB,
    peer: few.peakMiB,
    peerName: "for 10,000",
    unit: "MiB",
    limit: 1.15,
  };
  return { figures: [speed, flat], peakMiB };
}

/** Ten metrics in turns, as a training loop reports them, one line a point. */
async function writeMetrics({ folder }: Place, count: number): Promise<string> {
  const file = join(folder, `metrics-${count}.jsonl`);
  const lines = Array.from({ length: count }, (_, index) => {
    const step = Math.floor(index / 10);
    return `${JSON.stringify({ key: `metric_${index % 10}`, value: Math.cos(step), step, time: 1_700_000_000_000 + step })}\n`;
  });
  writeFileSync(file, lines.join(""));
  return file;
}
