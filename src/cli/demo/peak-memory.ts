import { readFileSync, readdirSync } from "node:fs";

const EVERY_MS = 500;

/** Watches how much memory processes hold, with all that they have started, as Linux tells it; elsewhere it knows nothing. */
export class PeakMemory {
  readonly #roots: () => readonly number[];
  readonly #timer: NodeJS.Timeout | undefined;
  #bytes = 0;

  /** The roots are asked for each time, as they may not be there yet. */
  constructor(roots: () => readonly number[]) {
    this.#roots = roots;
    if (process.platform !== "linux") return;
    this.#timer = setInterval(() => (this.#bytes = Math.max(this.#bytes, residentBytes(this.#roots()))), EVERY_MS);
    this.#timer.unref();
  }

  /** The most that they have held together so far, by the sum of their resident sizes; undefined where that is not known. */
  get bytes(): number | undefined {
    return this.#bytes === 0 ? undefined : this.#bytes;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** What these processes and all below them hold, each page as often as it is held. */
export function residentBytes(roots: readonly number[]): number {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const parent = /^\d+$/.test(name) ? parentOf(name) : undefined;
    if (parent === undefined) continue;
    const found = children.get(parent);
    if (found === undefined) children.set(parent, [Number(name)]);
    else found.push(Number(name));
  }
  const tree = new Set(roots);
  // A set that grows is gone through to its new end.
  for (const pid of tree) for (const child of children.get(pid) ?? []) tree.add(child);
  return [...tree].reduce((sum, pid) => sum + residentOf(pid), 0);
}

/** The second word after the name, which may hold spaces and parentheses. */
function parentOf(pid: string): number | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  return stat === "" ? undefined : Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

function residentOf(pid: number): number {
  return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(readProc(`/proc/${pid}/status`))?.[1] ?? 0);
}

/** Nothing of a process that has just ended. */
function readProc(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}
