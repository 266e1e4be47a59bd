import { statfs } from "node:fs/promises";
import { platform } from "node:os";
import { type ProcessStat, findProcess } from "./proc.ts";
import { listTree, memoryBytes } from "./process-tree.ts";

/** One number of the machine at work. MLflow shows keys that begin with `system/` on a page of their own. */
export interface SystemMetric {
  readonly key: string;
  readonly value: number;
}

const TICKS_PER_SECOND = 100;
const MEGABYTE = 1e6;

/** When a process started, or undefined where that cannot be told: a pid may be another's later, pid and start may not. */
export function processStart(pid: number): string | undefined {
  return findProcess(pid)?.started;
}

/** Whether the process that had this pid and this start is still there. */
export function isAlive(pid: number, started: string): boolean {
  const found = findProcess(pid);
  return found !== undefined && found.started === started && !/[ZX]/.test(found.state);
}

/** Measures a process with all that come from it, and the disk that a folder is on. It tells nothing on systems without /proc. */
export class SystemMetrics {
  readonly #pid: number;
  readonly #folder: string;
  #last: { readonly ticks: number; readonly atMs: number } | undefined;

  constructor(pid: number, folder: string) {
    this.#pid = pid;
    this.#folder = folder;
  }

  /** The numbers of this moment; use of processors since the sample before, and so not in the first one. */
  async sample(): Promise<SystemMetric[]> {
    if (platform() !== "linux") return [];
    const tree = await listTree([this.#pid]);
    if (tree.length === 0) return [];
    const cpu = this.#cpuPercentage(tree);
    const [memory, disk] = await Promise.all([memoryBytes(tree), diskMetrics(this.#folder)]);
    return [
      ...(cpu === undefined ? [] : [{ key: "system/cpu_utilization_percentage", value: cpu }]),
      { key: "system/memory_usage_megabytes", value: memory / MEGABYTE },
      { key: "system/processes", value: tree.length },
      ...disk,
    ];
  }

  /** 100 is one core at work all the time. Time of processes that ended is their parents'. */
  #cpuPercentage(tree: readonly ProcessStat[]): number | undefined {
    const last = this.#last;
    const now = { ticks: tree.reduce((sum, { ticks }) => sum + ticks, 0), atMs: performance.now() };
    this.#last = now;
    if (last === undefined || now.atMs <= last.atMs) return undefined;
    const seconds = (now.atMs - last.atMs) / 1000;
    // A process that nobody waited for takes its time away with it.
    return Math.max(0, ((now.ticks - last.ticks) / TICKS_PER_SECOND / seconds) * 100);
  }
}

async function diskMetrics(folder: string): Promise<SystemMetric[]> {
  try {
    const { bsize, blocks, bfree, bavail } = await statfs(folder);
    const used = blocks - bfree;
    return [
      { key: "system/disk_usage_percentage", value: used + bavail === 0 ? 0 : (used / (used + bavail)) * 100 },
      { key: "system/disk_available_megabytes", value: (bavail * bsize) / MEGABYTE },
    ];
  } catch {
    // The folder is gone; the rest can still be told.
    return [];
  }
}
