import { existsSync, readFileSync, readdirSync } from "node:fs";

/** In the environment of each command that has no namespace, and so of all that it starts: the folder of its slot. */
export const SLOT_VARIABLE = "STEMMA_SLOT";

/**
 * Kills what commands without a namespace have left running, whatever its process group: every process whose environment
 * names this slot's folder, or one in it. Where there is no /proc there is nothing to find them by.
 */
export function killStrays(folder: string): void {
  for (let found = straysOf(folder); found.length > 0; found = straysOf(folder)) for (const pid of found) killIfThere(pid);
}

export function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // ESRCH: it has ended meanwhile, which is the wish.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function straysOf(folder: string): number[] {
  if (!existsSync("/proc/self/environ")) return [];
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => pid !== process.pid && isOf(folder, pid));
}

function isOf(folder: string, pid: number): boolean {
  const slot = environmentOf(pid).find((variable) => variable.startsWith(`${SLOT_VARIABLE}=`));
  return slot !== undefined && `${slot.slice(SLOT_VARIABLE.length + 1)}/`.startsWith(`${folder}/`);
}

/** Nothing of a process that has ended, or is somebody else's. */
function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}
