import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { logCommand } from "../../src/cli/lineage-log-command.ts";
import { runId, setId, trainingIndex } from "../lineage/training-index.ts";
import { ask, schemaErrors } from "./ask-index.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stemma-log-"));
  trainingIndex({ file: join(folder, "index.sqlite"), days: 3 }).close();
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function log(...argv: readonly string[]): Promise<string> {
  return (await ask(logCommand, [...argv, "--no-sync", "--index", join(folder, "index.sqlite")])).out;
}

describe("stemma log", () => {
  test("lists a branch's commits with their runs and models", async () => {
    expect(await log("train@master")).toMatchInlineSnapshot(`
      "train@ccccccc30000 (master)  2026-11-22 10:00:20Z  job success  run aaaaaaa30000 "day 3" auc=0.93  models:/fraud/3 (champion)
      train@ccccccc20000  2026-11-21 10:00:20Z  job success  run aaaaaaa20000 "day 2" auc=0.92  models:/fraud/2
      train@ccccccc10000  2026-11-20 10:00:20Z  job success  run aaaaaaa10000 "day 1" auc=0.91  models:/fraud/1
      complete
      "
    `);
  });

  test("draws the commits that they were made from with rails", async () => {
    expect(await log("train@master", "--graph", "--number", "4")).toMatchInlineSnapshot(`
      "* train@ccccccc30000 (master)  2026-11-22 10:00:20Z  job success  run aaaaaaa30000 "day 3" auc=0.93  models:/fraud/3 (champion)
      ├─╮
      │ * etl@ccccccc30000 (master)  2026-11-22 10:00:10Z  job success
      │ * raw_data@ccccccc30000 (master)  2026-11-22 10:00:01Z
      * train@ccccccc20000  2026-11-21 10:00:20Z  job success  run aaaaaaa20000 "day 2" auc=0.92  models:/fraud/2
      … and 5 older: --number 0 shows all
      complete
      "
    `);
  });

  test("takes a run or a model for the branch that it is on", async () => {
    const whole = await log("train@master");
    expect(await log(runId(1))).toBe(whole);
    expect(await log("models:/fraud@champion")).toBe(whole);
  });

  test("as JSON follows its schema, and has a line for each commit as JSON lines", async () => {
    expect(await schemaErrors("log-1", await log("train@master", "--graph", "-o", "json"))).toBeNull();
    const lines = (await log("train@master", "-o", "jsonl")).trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { reference?: string }).reference ?? "end")).toEqual([
      ...[3, 2, 1].map((day) => `train@${setId(day)}`),
      "end",
    ]);
  });

  test("refuses what is not there, in one line", async () => {
    await expect(log("nowhere@master")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(log("train@master", "--number", "-1")).rejects.toMatchObject({ code: "USAGE" });
  });
});
