import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median } from "./figure.ts";
import type { Figure } from "./figure.ts";

const RUNS = 25;
const LIMIT = 2.5;
const STEMMA = fileURLToPath(new URL("../bin/stemma.js", import.meta.url));

const BARE = { name: "node -e 0", args: ["-e", "0"] };
const OURS = [
  { name: "stemma --version", args: [STEMMA, "--version"] },
  { name: "stemma trace --help", args: [STEMMA, "trace", "--help"] },
];

/** How long the command line takes to start, beside Node that does nothing. They take turns, so that noise meets all alike. */
export async function benchStart(): Promise<readonly Figure[]> {
  const all = [BARE, ...OURS];
  for (const { args } of all) timeMs(args);
  const times = new Map(all.map(({ name }): [string, number[]] => [name, []]));
  for (let run = 0; run < RUNS; run++) {
    for (const { name, args } of all) times.get(name)?.push(timeMs(args));
  }
  const peer = median(times.get(BARE.name) ?? []);
  return OURS.map(({ name }) => ({
    work: name,
    ours: median(times.get(name) ?? []),
    peer,
    peerName: BARE.name,
    unit: "ms",
    limit: LIMIT,
  }));
}

function timeMs(args: readonly string[]): number {
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [...args], { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}: ${stderr}`);
  return performance.now() - startedAt;
}
