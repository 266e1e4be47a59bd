import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { VENV } from "./tracker-server.ts";

const STEMMA = fileURLToPath(new URL("../bin/stemma.js", import.meta.url));
const PEER = fileURLToPath(new URL("tracker-peer/", import.meta.url));
const LOOK_EVERY_MS = 100;

/** Where the commands of both sides run, and whom they report to. */
export interface Place {
  readonly uri: string;
  /** A folder outside of any git checkout. */
  readonly folder: string;
}

/** How long a process took, and the most memory that it had resident (Linux; the children's is their own). */
export interface Effort {
  readonly ms: number;
  readonly peakMiB: number;
}

/** `stemma track -- COMMAND`, as a process, from its start to its end. */
export async function track(place: Place, command: readonly string[]): Promise<Effort> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [STEMMA, "track", "--", ...command], {
    cwd: place.folder,
    env: environment(place),
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said: Buffer[] = [];
  child.stderr.on("data", (piece: Buffer) => said.push(piece));
  let peakMiB = 0;
  const looking = setInterval(() => (peakMiB = Math.max(peakMiB, peakOf(child))), LOOK_EVERY_MS);
  const [code] = (await once(child, "exit")) as [number | null];
  clearInterval(looking);
  if (code !== 0) throw new Error(`stemma track -- ${command.join(" ")} ended with ${code}: ${Buffer.concat(said).toString()}`);
  return { ms: performance.now() - startedAt, peakMiB };
}

/** A script of MLflow's Python client, from its start to its end; answers what it printed. */
export async function runPeer(place: Place, script: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(join(VENV, "python"), [join(PEER, script), ...args], {
    cwd: place.folder,
    env: environment(place),
  });
  return stdout;
}

/** How many milliseconds such a script says that its calls took. */
export async function timePeer(place: Place, script: string, ...args: readonly string[]): Promise<number> {
  const ms = /^[\d.]+$/m.exec(await runPeer(place, script, ...args))?.[0];
  if (ms === undefined) throw new Error(`${script} printed no time`);
  return Number(ms);
}

function environment({ uri, folder }: Place): NodeJS.ProcessEnv {
  return { ...process.env, STEMMA_HOME: join(folder, "home"), MLFLOW_TRACKING_URI: uri, MLFLOW_DISABLE_TELEMETRY: "true" };
}

/** Zero when it has just ended. */
function peakOf(child: ChildProcess): number {
  try {
    const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return 0;
    throw error;
  }
}
