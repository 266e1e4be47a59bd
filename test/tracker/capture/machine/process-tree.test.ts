import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { listTree, memoryBytes } from "../../../../src/tracker/capture/machine/process-tree.ts";

const MIB = 1024 ** 2;

async function heldBy(...roots: readonly number[]): Promise<number> {
  return memoryBytes(await listTree(roots));
}

test.skipIf(process.platform !== "linux")("what a process holds is counted with all below it, and once (on Linux)", async () => {
  const held = 64 * MIB;
  // Its pages are nobody else's, other than the program's own.
  const own = Buffer.alloc(held, 1);
  const script = `const held = Buffer.alloc(${held}, 1); console.log(held.length); process.stdin.resume()`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  try {
    await once(child.stdout, "data");
    const below = await heldBy(child.pid ?? 0);
    expect(below).toBeGreaterThan(held);
    const all = await heldBy(process.pid);
    expect(all).toBeGreaterThan(below + own.length);
    expect(await heldBy(process.pid, child.pid ?? 0)).toBeLessThan(all + 0.5 * held);
  } finally {
    child.stdin.end();
    await ended;
  }
});
