import { readFileSync } from "node:fs";
import { findNames, findText } from "../files.ts";

/** What `/proc/PID/stat` tells of a process. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** `Z` and `X` are dead. */
  readonly state: string;
  /** Hundredths of a second of processor time, of its own and of its children that ended. */
  readonly ticks: number;
  /** When it started, in ticks since the machine did: with the pid, no other process has it. */
  readonly started: string;
}

/** All processes of this machine that can be seen; none on systems without /proc. */
export async function listProcesses(): Promise<ProcessStat[]> {
  const pids = (await findNames("/proc")).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map(async (pid) => parseStat((await findText(`/proc/${pid}/stat`)) ?? "")));
  return stats.filter((stat) => stat !== undefined);
}

/** One process, or undefined when it is not there, or on systems without /proc. */
export function findProcess(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    // It is gone, or this system does not tell.
    return undefined;
  }
}

/** The second field is the program's name in parentheses, and may hold blanks and parentheses itself. */
function parseStat(text: string): ProcessStat | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  // The first of these is the third of all.
  const field = (number: number): string => fields[number - 3] ?? "";
  if (field(22) === "") return undefined;
  return {
    pid: Number.parseInt(text, 10),
    state: field(3),
    parent: Number(field(4)),
    ticks: [14, 15, 16, 17].reduce((sum, number) => sum + Number(field(number)), 0),
    started: field(22),
  };
}
