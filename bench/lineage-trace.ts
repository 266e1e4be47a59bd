import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Figure } from "./figure.ts";
import { median } from "./figure.ts";

const STEMMA = fileURLToPath(new URL("../bin/stemma.js", import.meta.url));
const RUNS = 15;

/** `stemma trace` with a small answer, as a whole process, beside Node that does nothing. */
export function benchTrace(index: string, root: string): readonly Figure[] {
  const trace = [STEMMA, "trace", root, "--up", "--depth", "2", "--no-sync", "--index", index, "-o", "json"];
  const bare = ["-e", "0"];
  timeMs(trace);
  const times: { readonly ours: number; readonly peer: number }[] = [];
  for (let run = 0; run < RUNS; run += 1) times.push({ ours: timeMs(trace), peer: timeMs(bare) });
  const ours = median(times.map((time) => time.ours));
  const peer = median(times.map((time) => time.peer));
  return [{ work: "stemma trace, as a process", ours, peer, peerName: "node -e 0", unit: "ms", limit: 3 }];
}

function timeMs(args: readonly string[]): number {
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [...args], { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}: ${stderr}`);
  return performance.now() - startedAt;
}
