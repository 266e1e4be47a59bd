import { readFileSync, readdirSync } from "node:fs";

/** The processes on this machine, by its own numbers, that have a variable of this value in their environment. */
export function processesWith(name: string, value: string): number[] {
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  return pids.filter((pid) => environmentOf(pid).includes(`${name}=${value}`)).map(Number);
}

/** Nothing of a process that has ended meanwhile. */
function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}
