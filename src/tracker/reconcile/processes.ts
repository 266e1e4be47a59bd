import { hostname } from "node:os";
import process from "node:process";
import { findProcess as findStat } from "../capture/machine/proc.ts";
import type { ProcessTable } from "./ports.ts";

/** States of processes that have ended, and whose parent does not care. */
const DEAD: ReadonlySet<string> = new Set(["Z", "X"]);

/** The processes of this machine, as far as this process sees them. */
export function localProcesses(): ProcessTable {
  return { host: hostname(), findProcess };
}

function findProcess(pid: number): { readonly started: string | undefined } | undefined {
  if (!isThere(pid)) return undefined;
  const stat = findStat(pid);
  return stat !== undefined && DEAD.has(stat.state) ? undefined : { started: stat?.started };
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // somebody else's
  }
}
