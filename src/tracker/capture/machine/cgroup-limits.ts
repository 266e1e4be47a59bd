import { join } from "node:path";
import { findText, foldersUpwards } from "../files.ts";

/** What a container may use at most; absent where there is no limit. */
export interface Limits {
  readonly memoryLimitBytes?: number | undefined;
  /** Cores; may be a fraction. */
  readonly cpuLimit?: number | undefined;
}

const MOUNT = "sys/fs/cgroup";

/** The limits of this process's control groups, of either version; the lowest of a group and of those that it is in. */
export async function readLimits(root: string): Promise<Limits> {
  const groups = parseGroups((await findText(join(root, "proc/self/cgroup"))) ?? "");
  const memory = await Promise.all([
    ...placesOf(root, "", groups.get("")).map((folder) => readNumber(join(folder, "memory.max"))),
    ...placesOf(root, "memory", groups.get("memory")).map((folder) => readNumber(join(folder, "memory.limit_in_bytes"))),
  ]);
  const cpu = await Promise.all([
    ...placesOf(root, "", groups.get("")).map((folder) => readQuota(join(folder, "cpu.max"))),
    ...placesOf(root, "cpu", groups.get("cpu")).map(readQuotaV1),
  ]);
  return { memoryLimitBytes: lowest(memory), cpuLimit: lowest(cpu) };
}

/** Lines `5:cpu,cpuacct:/path`, where version 2 has no controllers: `0::/path`. */
function parseGroups(text: string): Map<string, string> {
  const groups = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, controllers, ...path] = line.split(":");
    for (const controller of controllers?.split(",") ?? []) groups.set(controller, path.join(":"));
  }
  return groups;
}

/** Within a container the path is often that of the host, and only the mount's top is there. */
function placesOf(root: string, controller: string, group: string | undefined): string[] {
  return group === undefined ? [] : foldersUpwards(group).map((folder) => join(root, MOUNT, controller, folder));
}

async function readNumber(path: string): Promise<number | undefined> {
  const text = (await findText(path))?.trim() ?? "";
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** `QUOTA PERIOD`, in microseconds, or `max PERIOD`. */
async function readQuota(path: string): Promise<number | undefined> {
  const [quota, period] = ((await findText(path)) ?? "").trim().split(" ").map(Number);
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : undefined;
}

async function readQuotaV1(folder: string): Promise<number | undefined> {
  const [quota, period] = await Promise.all(
    ["cpu.cfs_quota_us", "cpu.cfs_period_us"].map((name) => readNumber(join(folder, name))),
  );
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : undefined;
}

function lowest(numbers: readonly (number | undefined)[]): number | undefined {
  const known = numbers.filter((number) => number !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
