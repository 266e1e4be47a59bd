import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Place, track } from "./tracker-process.ts";
import { type Measured, timeMs } from "./tracker-turns.ts";

const STEPS = fileURLToPath(new URL("tracker-steps.js", import.meta.url));
/** Of 10 ms and a little more each. */
const MINUTE_STEPS = "5700";

/** The command's own time, as it tells it; the tracker's start and end are printed beside. */
export async function benchMinute(place: Place): Promise<Measured> {
  const [bare, tracked] = [join(place.folder, "bare.ms"), join(place.folder, "tracked.ms")];
  const steps = [STEPS, join(place.folder, "bare"), MINUTE_STEPS, bare];
  const bareMs = await timeMs(async () => void (await once(spawn(process.execPath, steps, { stdio: "inherit" }), "exit")));
  const script = 'exec "$0" "$1" "$STEMMA_REPORT" "$2" "$3"';
  const { ms, peakMiB } = await track(place, ["sh", "-c", script, process.execPath, STEPS, MINUTE_STEPS, tracked]);
  process.stderr.write(
    `the minute, with the start and the end of all processes: ${ms.toFixed(0)} ms, untracked ${bareMs.toFixed(0)} ms\n`,
  );
  const [peer, ours] = [bare, tracked].map((file) => Number(readFileSync(file, "utf8"))) as [number, number];
  const work = "a minute with a metric every 10 ms";
  return { figures: [{ work, ours, peer, peerName: "untracked", unit: "ms", limit: 1.01 }], peakMiB };
}
