import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { syncPachyderm } from "../../src/collect/pachyderm-sync.ts";
import { dump } from "../../src/lineage/store/dump.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import { longHistory } from "./story.ts";

const CHILD = fileURLToPath(new URL("sync-child.ts", import.meta.url));
const BATCH = 200;
const LENGTH = 3 * BATCH;

test("a sync that is killed after a batch leaves an index that the next one completes", async () => {
  const folder = await mkdtemp(join(tmpdir(), "stemma-killed-"));
  const file = join(folder, "index.db");
  const child = spawn(process.execPath, [CHILD, file, String(LENGTH)], { stdio: ["ignore", "pipe", "inherit"] });
  // Each line comes after a batch.
  for await (const _ of child.stdout) child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  {
    using index = new LineageIndex(file);
    const known = [...index.records(["commit"])].length;
    expect(known).toBeGreaterThanOrEqual(BATCH);
    const { commits } = await syncPachyderm(index, longHistory(LENGTH));
    expect(commits).toBeLessThan(LENGTH);
    using whole = new LineageIndex(":memory:");
    await syncPachyderm(whole, longHistory(LENGTH));
    expect([...dump(index)]).toEqual([...dump(whole)]);
  }
  await rm(folder, { recursive: true });
});
