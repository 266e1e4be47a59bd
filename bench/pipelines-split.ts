import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Figure } from "./figure.ts";
import { median } from "./figure.ts";

const ROWS = 1_000_000;
const BUCKETS = 8;
const TURNS = 5;
const MOST_MIB = 256;
const LOOK_EVERY_MS = 50;
const PANDAS = "pandas 3.0.6";
const VENV = fileURLToPath(new URL("../node_modules/.cache/pandas-3.0.6/", import.meta.url));
const PYTHON = fileURLToPath(new URL("../.venv/bin/python", import.meta.url));
const STEMMA = fileURLToPath(new URL("../bin/stemma.js", import.meta.url));
const BOUND = fileURLToPath(new URL("pipelines-peer/split-bound.ts", import.meta.url));
const PEER = fileURLToPath(new URL("pipelines-peer/split_pandas.py", import.meta.url));

/**
 * `stemma split` beside csv-parse that only reads, and beside the same split in pandas. They take turns. Ours and the bound are
 * whole processes, while pandas is timed without the import of it.
 */
export async function benchSplit(): Promise<readonly Figure[]> {
  const python = await installPandas();
  const folder = mkdtempSync(join(tmpdir(), "stemma-bench-split-"));
  try {
    const raw = join(folder, "raw.csv");
    const [ours, theirs] = [join(folder, "ours"), join(folder, "pandas")];
    execFileSync(process.execPath, [STEMMA, "demo-data", "--rows", String(ROWS), "-o", raw], { stdio: "ignore" });
    const efforts: Effort[] = [];
    const bounds: number[] = [];
    const pandas: number[] = [];
    for (let turn = 0; turn < TURNS; turn++) {
      efforts.push(await runNode(STEMMA, "split", "--in", raw, "--out", ours, "--buckets", String(BUCKETS)));
      bounds.push((await runNode(BOUND, raw)).ms);
      pandas.push(Number(execFileSync(python, [PEER, raw, theirs, String(BUCKETS)], { encoding: "utf8" })));
    }
    checkSame(ours, theirs);
    const ms = median(efforts.map((effort) => effort.ms));
    const peakMiB = Math.max(...efforts.map((effort) => effort.peakMiB));
    const work = `split ${ROWS} rows`;
    return [
      { work, ours: ms, peer: median(bounds), peerName: "csv-parse only reads", unit: "ms", limit: 2 },
      { work: "the same", ours: ms, peer: median(pandas), peerName: PANDAS, unit: "ms", limit: 1 / 2 },
      { work: "memory of a split", ours: peakMiB, peer: MOST_MIB, peerName: "the limit", unit: "MiB", limit: 1 },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function installPandas(): Promise<string> {
  const run = promisify(execFile);
  const python = join(VENV, "bin", "python");
  if (!existsSync(join(VENV, "installed"))) {
    process.stderr.write(`installing ${PANDAS} into ${VENV}\n`);
    await run(PYTHON, ["-m", "venv", "--clear", VENV]);
    await run(python, ["-m", "pip", "install", "--quiet", PANDAS.replace(" ", "==")]);
    await run("touch", [join(VENV, "installed")]);
  }
  return python;
}

interface Effort {
  readonly ms: number;
  /** The most memory that it had resident (Linux). */
  readonly peakMiB: number;
}

async function runNode(...args: readonly string[]): Promise<Effort> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  let peakMiB = 0;
  const looking = setInterval(() => (peakMiB = Math.max(peakMiB, peakOf(child.pid))), LOOK_EVERY_MS);
  const [code] = (await once(child, "exit")) as [number | null];
  clearInterval(looking);
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${code}`);
  return { ms: performance.now() - startedAt, peakMiB };
}

/** Zero when it has just ended. */
function peakOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return 0;
    throw error;
  }
}

/** Both must have written the same bytes, or they did not do the same work. */
function checkSame(ours: string, theirs: string): void {
  const files = readdirSync(ours, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".csv"));
  if (files.length !== BUCKETS) throw new Error(`the split wrote ${files.length} files into ${BUCKETS} buckets`);
  for (const file of files) {
    if (!readFileSync(join(ours, file)).equals(readFileSync(join(theirs, file))))
      throw new Error(`${file} is not what pandas wrote`);
  }
}
