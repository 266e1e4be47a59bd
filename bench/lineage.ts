import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LineageIndex } from "../src/lineage/store/lineage-index.ts";
import type { Urn } from "../src/lineage/urn.ts";
import { walk } from "../src/lineage/walk.ts";
import type { Figure } from "./figure.ts";
import { median } from "./figure.ts";
import { HOPS, LARGE, TENTH, newest } from "./lineage-graph.ts";
import { PEER, runPeer } from "./lineage-peer.ts";
import { benchSync } from "./lineage-sync.ts";
import { benchTrace } from "./lineage-trace.ts";

const LOAD = fileURLToPath(new URL("lineage-load.ts", import.meta.url));
const COMPILED = fileURLToPath(new URL("../node_modules/.cache/compile", import.meta.url));
const RUNS = 5;
const MOST_BYTES = 200;
const MOST_MIB = 300;

interface Load {
  readonly ms: number;
  readonly edges: number;
  readonly peakMiB: number;
}

/** What the lineage index costs, beside bare SQLite and ml-metadata on the same graph. */
export async function benchLineage(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "stemma-bench-lineage-"));
  try {
    const file = join(folder, "large.db");
    const small = join(folder, "tenth.db");
    const ours = load("ours", file, JSON.stringify(LARGE));
    const bare = load("bare", join(folder, "bare.db"), file);
    load("ours", small, JSON.stringify(TENTH));
    const peer = await runPeer(folder, LARGE, HOPS);
    process.stderr.write(`${PEER}: loading was timed on ${peer.timedEdges} edges, its closure has ${peer.nodes} nodes\n`);
    const peerMs = (ours.edges / peer.edgesPerSecond) * 1_000;
    const bytes = statSync(file).size / ours.edges;
    return [
      { work: `load ${ours.edges} edges`, ours: ours.ms, peer: bare.ms, peerName: "bare inserts", unit: "ms", limit: 2 },
      { work: "the same", ours: ours.ms, peer: peerMs, peerName: `${PEER}, from a part`, unit: "ms", limit: 1 / 100 },
      { work: "bytes an edge on disk", ours: bytes, peer: MOST_BYTES, peerName: "the limit", unit: "B", limit: 1 },
      { work: "memory while loading", ours: ours.peakMiB, peer: MOST_MIB, peerName: "the limit", unit: "MiB", limit: 1 },
      ...(await benchClosures(file, small, median(peer.times))),
      ...benchTrace(file, newest(LARGE, 1)),
      ...(await benchSync()),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function benchClosures(file: string, small: string, peerMs: number): Promise<readonly Figure[]> {
  using large = new LineageIndex(file);
  using tenth = new LineageIndex(small);
  const closures = [
    { index: large, root: newest(LARGE, 0) },
    { index: tenth, root: newest(TENTH, 0) },
  ];
  const [few, same] = await inTurns(closures, 5 * RUNS);
  // Apart from the others, which would have to clear away what it leaves behind.
  const [many] = await inTurns([{ index: large, root: newest(LARGE, LARGE.length - 1) }], RUNS);
  if (few === undefined || same === undefined || many === undefined) throw new Error("a closure was not measured");
  return [
    { work: `closure of ${few.nodes} nodes`, ours: few.ms, peer: peerMs, peerName: PEER, unit: "ms", limit: 1 / 50 },
    {
      work: `closure of ${many.nodes} nodes, each`,
      ours: (many.ms / many.nodes) * 1_000,
      peer: (few.ms / few.nodes) * 1_000,
      peerName: `of ${few.nodes}`,
      unit: "us",
      limit: 1.5,
    },
    {
      work: "closure in a graph ten times as large",
      ours: few.ms,
      peer: same.ms,
      peerName: "in a tenth",
      unit: "ms",
      limit: 1.3,
    },
  ];
}

async function inTurns(
  closures: readonly { readonly index: LineageIndex; readonly root: Urn }[],
  turns: number,
): Promise<readonly { readonly ms: number; readonly nodes: number }[]> {
  const taken = closures.map(() => ({ times: [] as number[], nodes: 0 }));
  for (let turn = 0; turn <= turns; turn += 1)
    for (const [at, { index, root }] of closures.entries()) {
      const startedAt = performance.now();
      const { nodes } = await walk(index, root, { direction: "up" });
      const ms = performance.now() - startedAt;
      const own = taken[at];
      // The first turn fills the caches.
      if (own === undefined || turn === 0) continue;
      own.times.push(ms);
      own.nodes = nodes.size;
    }
  return taken.map(({ times, nodes }) => ({ ms: median(times), nodes }));
}

/** As the command line does: otherwise the memory would be that of stripping the types. */
function load(mode: "ours" | "bare", file: string, from: string): Load {
  const env = { ...process.env, NODE_COMPILE_CACHE: COMPILED };
  return JSON.parse(execFileSync(process.execPath, [LOAD, mode, file, from], { encoding: "utf8", env })) as Load;
}
