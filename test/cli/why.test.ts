import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyCommand } from "../../src/cli/why-command.ts";
import { absentSource } from "../../src/collect/ports.ts";
import { sync } from "../../src/collect/sync.ts";
import { StemmaError } from "../../src/lineage/errors.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import type { TestEngine } from "../helpers/engine.ts";
import { commitFiles, repo, shellSpec, startTestEngine } from "../helpers/engine.ts";
import { ask, schemaErrors } from "./ask-index.ts";

let engine: TestEngine;
let folder: string;

beforeAll(async () => {
  engine = await startTestEngine();
  folder = await mkdtemp(join(tmpdir(), "stemma-why-"));
  const { client } = engine;
  await client.createRepo(repo("raw_data"));
  await client.createPipeline(shellSpec("etl", "raw_data", "for each in /pfs/raw_data/*; do cp $each /pfs/out/; done"));
  await commitFiles(client, "raw_data", { "/day-1.csv": "id,amount\n1,10\n2,20\n", "/day-2.csv": "id,amount\n3,30\n" });
  await client.inspectCommit({ repo: repo("etl"), at: "master" }, "FINISHED");
  using index = new LineageIndex(join(folder, "index.sqlite"));
  await sync(index, { pachyderm: client, mlflow: absentSource(new StemmaError("UNREACHABLE", "MLflow is away")) });
});

afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

/** Ids and times are other ones each time. */
async function why(...argv: readonly string[]): Promise<string> {
  const places = ["--index", join(folder, "index.sqlite"), "--pachd", engine.engine.address, "--no-sync"];
  const { out } = await ask(whyCommand, [...argv, ...places]);
  return out.replaceAll(/[0-9a-f]{32}/g, "ID").replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/g, "TIME");
}

describe("stemma why", () => {
  test("tells how a file came to be, from the only file that its datum read, with that one's rows", async () => {
    expect(await why("etl@master:/day-1.csv")).toMatchInlineSnapshot(`
      "data etl@ID  1 file, 20 B: /day-1.csv
        made by etl#1 (sh -e) in job etl@ID, 1 datum, success, TIME
        with environment: image ubuntu:20.04
        from raw_data@ID
      data raw_data@ID  1 file, 2 rows, 20 B: /day-1.csv
        put by a user, TIME
      complete
      "
    `);
  });

  test("tells how a commit came to be", async () => {
    expect((await why("etl@master")).split("\n").filter((line) => line.startsWith("data "))).toMatchInlineSnapshot(`
      [
        "data etl@ID  everything in it, 35 B",
        "data raw_data@ID  2 files, 3 rows: /day-1.csv /day-2.csv",
      ]
    `);
  });

  test("as JSON follows its schema", async () => {
    const places = ["--index", join(folder, "index.sqlite"), "--pachd", engine.engine.address, "--no-sync", "-o", "json"];
    const { out } = await ask(whyCommand, ["etl@master:/day-1.csv", ...places]);
    expect(await schemaErrors("why-1", out)).toBeNull();
  });

  test("refuses what is not there, in one line", async () => {
    await expect(why("etl@master:/nothing.csv")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(why("no reference")).rejects.toMatchObject({ code: "USAGE" });
  });
});
