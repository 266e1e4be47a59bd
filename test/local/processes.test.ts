import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { findProcess, isAlive, stopGroup } from "../../src/local/processes.ts";
import type { ProcessId } from "../../src/local/processes.ts";

const started: ChildProcess[] = [];

afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

/** Starts a shell in a group of its own that prints the number of a process, and resolves to that process. */
async function startShell(script: string): Promise<{ shell: ProcessId; printed: ProcessId }> {
  const child = spawn("sh", ["-c", script], { detached: true, stdio: ["ignore", "pipe", "inherit"] });
  started.push(child);
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const [shell, printed] = [findProcess(child.pid ?? 0), findProcess(Number(line.toString()))];
  if (shell === undefined || printed === undefined) throw new Error("it ended at once");
  return { shell, printed };
}

test("a process is alive until it has ended", async () => {
  const { shell } = await startShell("echo $$; exec sleep 60");
  expect(isAlive(shell)).toBe(true);
  await stopGroup(shell, 10_000);
  expect(isAlive(shell)).toBe(false);
});

test("another process that has the number by now is not taken for it, and is left alone", async () => {
  const { shell } = await startShell("echo $$; exec sleep 60");
  const former = { pid: shell.pid, startTime: "1" };
  expect(isAlive(former)).toBe(false);
  await stopGroup(former, 0);
  expect(isAlive(shell)).toBe(true);
});

test("what it has started ends with it", async () => {
  const { shell, printed } = await startShell("sleep 60 & echo $!; wait");
  await stopGroup(shell, 30_000);
  expect(isAlive(printed)).toBe(false);
});

test("what does not listen is killed", async () => {
  const { shell, printed } = await startShell(`sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done' & wait`);
  await stopGroup(shell, 200);
  expect(isAlive(printed)).toBe(false);
});

test("there is no process with a number that nobody has", () => {
  expect(findProcess(2 ** 30)).toBeUndefined();
});
