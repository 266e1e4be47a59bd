import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, hostname, totalmem } from "node:os";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readHost } from "../../../../src/tracker/capture/machine/host.ts";

/** The beginning of a file system that has only what a test puts there. */
let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "stemma-host-"));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), `${text}\n`);
  }
}

describe("readHost", () => {
  test("tells of this machine", async () => {
    const host = await readHost();
    expect(host).toMatchObject({ name: hostname(), memoryBytes: totalmem() });
    expect(host.cpus).toBeGreaterThan(0);
    expect(host.cpus).toBeLessThanOrEqual(cpus().length);
  });

  test("names the distribution, or else the kernel", async () => {
    expect((await readHost(root)).os).toBe((await readHost(root)).kernel.split(" ")[0]);
    await write({ "etc/os-release": 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"' });
    expect((await readHost(root)).os).toBe("Debian GNU/Linux 12 (bookworm)");
  });

  test("tells a container's limits, the lowest on the way up", async () => {
    await write({
      "proc/self/cgroup": "0::/pods/this",
      "sys/fs/cgroup/pods/this/memory.max": "max",
      "sys/fs/cgroup/pods/memory.max": "1000000",
      "sys/fs/cgroup/memory.max": "2000000",
      "sys/fs/cgroup/pods/this/cpu.max": "50000 100000",
      "sys/fs/cgroup/pods/cpu.max": "max 100000",
    });
    expect((await readHost(root)).container).toEqual({ memoryLimitBytes: 1_000_000, cpuLimit: 0.5 });
  });

  test("tells them of control groups of version 1, also where their path is the host's", async () => {
    await write({
      "proc/self/cgroup": "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n1:name=systemd:/docker/abc",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "3000000",
      "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "25000",
      "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
    });
    expect((await readHost(root)).container).toEqual({ memoryLimitBytes: 3_000_000, cpuLimit: 0.25 });
  });

  test("tells no container where nothing is limited", async () => {
    await write({
      "proc/self/cgroup": "2:memory:/\n1:cpu:/",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
      "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
      "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
    });
    expect(await readHost(root)).not.toHaveProperty("container");
  });
});
