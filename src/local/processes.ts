import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** A process that is looked up again later. Its id alone could belong to another by then, so when it started is kept too. */
export interface ProcessId {
  readonly pid: number;
  /** Comparable on this machine only. */
  readonly startTime: string;
}

interface ProcessEntry extends ProcessId {
  readonly group: number;
}

const POLL_MS = 50;

/** The process that has this number now, or undefined. One that has ended but is not yet collected by its parent has ended. */
export function findProcess(pid: number): ProcessId | undefined {
  const entry = process.platform === "linux" ? readProcEntry(String(pid)) : listByPs(["-p", String(pid)])[0];
  return entry === undefined ? undefined : { pid: entry.pid, startTime: entry.startTime };
}

export function isAlive(id: ProcessId): boolean {
  return findProcess(id.pid)?.startTime === id.startTime;
}

/**
 * Ends a process that leads a group: asks it to end, then asks what is left of its group, and kills the whole group when
 * `limitMs` have passed. Does nothing when the process has ended already.
 */
export async function stopGroup(leader: ProcessId, limitMs: number): Promise<void> {
  if (!isAlive(leader)) return;
  const deadline = Date.now() + limitMs;
  process.kill(leader.pid, "SIGTERM");
  while (isAlive(leader) && Date.now() < deadline) await delay(POLL_MS);
  while (hasMembers(leader.pid)) {
    signalGroup(leader.pid, Date.now() < deadline ? "SIGTERM" : "SIGKILL");
    await delay(POLL_MS);
  }
}

function signalGroup(group: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // the last one has just ended
  }
}

function hasMembers(group: number): boolean {
  const entries = process.platform === "linux" ? listProc() : listByPs(["-A"]);
  return entries.some((entry) => entry.group === group);
}

function listProc(): ProcessEntry[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(readProcEntry)
    .filter((entry) => entry !== undefined);
}

/** Reads /proc/PID/stat: `pid (name) state ppid pgrp … starttime …`, where the name may hold spaces and parentheses. */
function readProcEntry(pid: string): ProcessEntry | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
  const [state, , group, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (state === "Z" || state === "X") return undefined;
  return { pid: Number(pid), group: Number(group), startTime: rest[16] ?? "" };
}

/** Where there is no /proc: the same by ps. */
function listByPs(which: readonly string[]): ProcessEntry[] {
  const { stdout } = spawnSync("ps", [...which, "-o", "pid=,pgid=,stat=,lstart="], { encoding: "utf8" });
  return stdout
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line))
    .filter((match) => match !== null && !match[3]?.startsWith("Z"))
    .map((match) => ({ pid: Number(match?.[1]), group: Number(match?.[2]), startTime: match?.[4] ?? "" }));
}
