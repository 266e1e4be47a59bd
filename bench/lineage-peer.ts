import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Family } from "./lineage-graph.ts";

export const PEER = "ml-metadata 1.17.1";
const VENV = fileURLToPath(new URL("../node_modules/.cache/ml-metadata-1.17.1/", import.meta.url));
const PYTHON = fileURLToPath(new URL("../.venv/bin/python", import.meta.url));
const SCRIPT = fileURLToPath(new URL("lineage-peer/subgraph.py", import.meta.url));
/** A part is enough to know its rate. */
const TIMED_EDGES = 5_000;
const QUERIES = 3;

export interface PeerFigures {
  readonly edgesPerSecond: number;
  readonly timedEdges: number;
  readonly nodes: number;
  /** Milliseconds of each query. */
  readonly times: readonly number[];
}

/** The same graph in ml-metadata on SQLite: its rate of loading, and its closure of the first family's newest thing. */
export async function runPeer(folder: string, families: readonly Family[], hops: number): Promise<PeerFigures> {
  const run = promisify(execFile);
  const python = join(VENV, "bin", "python");
  if (!existsSync(join(VENV, "installed"))) {
    process.stderr.write(`installing ${PEER} into ${VENV}\n`);
    await run(PYTHON, ["-m", "venv", "--clear", VENV]);
    await run(python, ["-m", "pip", "install", "--quiet", "ml-metadata==1.17.1"]);
    await run("touch", [join(VENV, "installed")]);
  }
  const args = [SCRIPT, join(folder, "mlmd.db"), JSON.stringify(families), TIMED_EDGES, hops, QUERIES].map(String);
  const { stdout } = await run(python, args);
  return JSON.parse(stdout) as PeerFigures;
}
