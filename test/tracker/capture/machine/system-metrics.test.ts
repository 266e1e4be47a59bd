import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, onTestFinished, test } from "vitest";
import { SystemMetrics, isAlive, processStart } from "../../../../src/tracker/capture/machine/system-metrics.ts";

const HAS_PROC = existsSync("/proc/self/stat");

/** A shell that starts `inner` once, says so, and ends when its input does. */
async function startTree(inner: string): Promise<ChildProcess> {
  const child = spawn("sh", ["-c", `${inner} & echo started; read line; kill $!; wait`], { stdio: ["pipe", "pipe", "ignore"] });
  onTestFinished(async () => {
    const ended = once(child, "exit");
    child.stdin?.end("\n");
    if (child.exitCode === null) await ended;
  });
  await once(child.stdout ?? child, "data");
  return child;
}

async function sampleOf(metrics: SystemMetrics): Promise<Record<string, number>> {
  return Object.fromEntries((await metrics.sample()).map(({ key, value }) => [key, value]));
}

describe.runIf(HAS_PROC)("SystemMetrics", () => {
  test("measures a process with those that come from it, and the disk", async () => {
    const { pid = 0 } = await startTree("sleep 1000");
    const sample = await sampleOf(new SystemMetrics(pid, tmpdir()));
    expect(sample["system/processes"]).toBe(2);
    expect(sample["system/memory_usage_megabytes"]).toBeGreaterThan(0.05);
    expect(sample["system/disk_usage_percentage"]).toBeGreaterThanOrEqual(0);
    expect(sample["system/disk_usage_percentage"]).toBeLessThanOrEqual(100);
    expect(sample["system/disk_available_megabytes"]).toBeGreaterThan(0);
    expect(sample).not.toHaveProperty("system/cpu_utilization_percentage");
  });

  test("tells the use of processors since the sample before", async () => {
    const { pid = 0 } = await startTree("while :; do :; done");
    const busy = new SystemMetrics(pid, tmpdir());
    await busy.sample();
    let cpu = 0;
    while (cpu === 0) cpu = (await sampleOf(busy))["system/cpu_utilization_percentage"] ?? 0;
    expect(cpu).toBeGreaterThan(0);
  });

  test("tells the rest when the folder is gone, and nothing of a process that has ended", async () => {
    const { pid = 0 } = await startTree("sleep 1000");
    expect(Object.keys(await sampleOf(new SystemMetrics(pid, "/not/there")))).toEqual([
      "system/memory_usage_megabytes",
      "system/processes",
    ]);
    const gone = spawn("true");
    await once(gone, "exit");
    expect(await new SystemMetrics(gone.pid ?? 0, tmpdir()).sample()).toEqual([]);
  });
});

describe.runIf(HAS_PROC)("a process", () => {
  test("is known by its pid and its start", async () => {
    const started = processStart(process.pid) ?? "";
    expect(started).toMatch(/^\d+$/);
    expect(processStart(process.pid)).toBe(started);
    expect([isAlive(process.pid, started), isAlive(process.pid, `${started}0`)]).toEqual([true, false]);
  });

  test("may have any name", async () => {
    const folder = await mkdtemp(join(tmpdir(), "stemma-metrics-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const program = join(folder, "a) R 1 (b");
    await copyFile("/bin/sh", program);
    const child = spawn(program, ["-c", "read line"], { stdio: ["pipe", "ignore", "ignore"] });
    const ended = once(child, "exit");
    const pid = child.pid ?? 0;
    const started = processStart(pid) ?? "";
    expect(Number(started)).toBeGreaterThanOrEqual(Number(processStart(process.pid)));
    expect(isAlive(pid, started)).toBe(true);
    child.stdin?.end();
    await ended;
    expect([isAlive(pid, started), processStart(pid)]).toEqual([false, undefined]);
  });
});
