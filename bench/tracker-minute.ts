import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Place, track } from "./tracker-process.ts";
import { type Measured, timeMs } from "./tracker-turns.ts";

const STEPS = fileURLToPath(new URL("tracker-steps.js", import.meta.url));
/** Of 10 ms and a little more each. */
const MINUTE_STEPS = "5700";

/** The whole of it, with the tracker's start and end. */
export async function benchMinute(place: Place): Promise<Measured> {
  const bareMs = await timeMs(async () => {
    await once(spawn(process.execPath, [STEPS, join(place.folder, "bare"), MINUTE_STEPS], { stdio: "inherit" }), "exit");
  });
  const script = 'exec "$0" "$1" "$STEMMA_REPORT" "$2"';
  const { ms, peakMiB } = await track(place, ["sh", "-c", script, process.execPath, STEPS, MINUTE_STEPS]);
  const work = "a minute with a metric every 10 ms";
  return { figures: [{ work, ours: ms, peer: bareMs, peerName: "untracked", unit: "ms", limit: 1.01 }], peakMiB };
}
