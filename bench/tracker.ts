import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Figure } from "./figure.ts";
import { benchFiles } from "./tracker-files.ts";
import { benchMetrics } from "./tracker-metrics.ts";
import { benchMinute } from "./tracker-minute.ts";
import { benchNothing } from "./tracker-nothing.ts";
import { TrackingServer } from "./tracker-server.ts";

const MOST_MEMORY_MIB = 120;

/** What the tracker costs beside MLflow's own Python client, both against one real server, in turns. */
export async function benchTracker(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "stemma-bench-"));
  const server = await TrackingServer.start();
  const place = { uri: server.uri, folder };
  try {
    const nothing = await benchNothing(place);
    const metrics = await benchMetrics(place, nothing.ms);
    const files = await benchFiles(place, nothing.ms);
    const minute = await benchMinute(place);
    const peaks = [metrics, files, minute].map(({ peakMiB }) => peakMiB);
    return [...nothing.figures, ...metrics.figures, ...files.figures, ...minute.figures, memory(Math.max(...peaks))];
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}

function memory(peakMiB: number): Figure {
  const work = "memory of the tracker during all that, at its peak";
  return { work, ours: peakMiB, peer: MOST_MEMORY_MIB, peerName: "the limit", unit: "MiB", limit: 1 };
}
