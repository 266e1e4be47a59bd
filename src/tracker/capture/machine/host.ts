import { arch, availableParallelism, hostname, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { type Limits, readLimits } from "./cgroup-limits.ts";
import { findText } from "../files.ts";

/** The machine that a command runs on. */
export interface Host {
  readonly name: string;
  /** The distribution where it has a name, as `Debian GNU/Linux 12 (bookworm)`, else the kernel's name. */
  readonly os: string;
  /** Name and version, as `Linux 6.1.0`. */
  readonly kernel: string;
  readonly arch: string;
  /** Cores that this process may be scheduled on. */
  readonly cpus: number;
  readonly memoryBytes: number;
  /** What a container leaves of that; absent where it is all. */
  readonly container?: Limits | undefined;
}

/** Reads what the machine is; `root` is where its file system begins. */
export async function readHost(root = "/"): Promise<Host> {
  const machine = { cpus: availableParallelism(), memoryBytes: totalmem() };
  const [limits, osRelease] = await Promise.all([readLimits(root), findText(join(root, "etc/os-release"))]);
  const os = /^PRETTY_NAME=["']?([^"'\n]+)/m.exec(osRelease ?? "")?.[1] ?? type();
  const container = below(limits, machine);
  return {
    name: hostname(),
    os,
    kernel: `${type()} ${release()}`,
    arch: arch(),
    ...machine,
    ...(Object.keys(container).length === 0 ? {} : { container }),
  };
}

/** Limits that limit: without any, control groups of version 1 tell a number beyond every machine. */
function below({ memoryLimitBytes, cpuLimit }: Limits, { cpus, memoryBytes }: { cpus: number; memoryBytes: number }): Limits {
  return {
    ...(memoryLimitBytes !== undefined && memoryLimitBytes < memoryBytes ? { memoryLimitBytes } : {}),
    ...(cpuLimit !== undefined && cpuLimit < cpus ? { cpuLimit } : {}),
  };
}
