import { status } from "@grpc/grpc-js";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Connection } from "../../src/pachyderm/connection.ts";
import { pfs } from "../../src/pachyderm/services.ts";
import { type TestEngine, commitFiles, repo, shellSpec, startTestEngine } from "../helpers/engine.ts";

let running: TestEngine;
let connection: Connection;

async function start(home?: string): Promise<void> {
  running = await startTestEngine(home === undefined ? {} : { home });
  connection = new Connection({ address: running.engine.address });
}

beforeEach(() => start());
afterEach(async () => {
  connection.close();
  await running.close();
});

async function count(request: object): Promise<string | undefined> {
  return (await connection.call(pfs.CheckStorage, request)).chunk_object_count;
}

test("CheckStorage counts the stored chunks, also those between two ids, and fails at a damaged one when it is to read them", async () => {
  await running.client.createRepo(repo("data"));
  await commitFiles(running.client, "data", { "/a": "1", "/b": "2", "/large": "large;".repeat(20_000), "/again": "1" });
  expect(await count({})).toBe("3");
  const middle = Buffer.from("80", "hex");
  const [below, above] = [await count({ chunk_end: middle }), await count({ chunk_begin: middle })];
  expect(Number(below) + Number(above)).toBe(3);
  expect(await count({ read_chunk_data: true })).toBe("3");

  const { home } = running;
  connection.close();
  await running.engine.close();
  const database = new DatabaseSync(join(home, "engine.db"));
  database.exec("UPDATE objects SET data = x'00'");
  database.close();
  await start(home);
  expect(await count({})).toBe("3");
  await expect(count({ read_chunk_data: true })).rejects.toMatchObject({ cause: { code: status.DATA_LOSS } });
});

test("Fsck looks for files of datums that a job does not have when it is asked to", async () => {
  await running.client.createRepo(repo("data"));
  await commitFiles(running.client, "data", { "/a": "1", "/b": "2" });
  await running.client.createPipeline(shellSpec("copy", "data", "cp /pfs/data/* /pfs/out/"));
  const [{ job } = expect.fail("no job")] = await Array.fromAsync(running.client.listJobs());
  const { outputCommit } = await running.client.inspectJob(job, { wait: true });
  const fsck = (request: object): Promise<string[]> =>
    Array.fromAsync(connection.receive(pfs.Fsck, request, ({ error, fix }) => error || fix));
  const zombie_target = { repo: { name: "copy", type: "user", project: { name: "default" } }, id: outputCommit.id };
  expect(await fsck({ zombie_all: true })).toEqual([]);
  expect(await fsck({ zombie_target })).toEqual([]);

  const { home } = running;
  connection.close();
  await running.engine.close();
  const database = new DatabaseSync(join(home, "engine.db"));
  database.exec("DELETE FROM datum_runs WHERE outputs LIKE '%/a%'");
  database.close();
  await start(home);
  const found = [
    expect.stringMatching(`^default/copy@${outputCommit.id} has /a of datum [0-9a-f]{64}, which its job does not have$`),
  ];
  expect(await fsck({ zombie_all: true })).toEqual(found);
  expect(await fsck({ zombie_target })).toEqual(found);
  expect(await fsck({})).toEqual([]);
});

test("a home whose folder of objects has gone is found out by a check, not by a crash", async () => {
  await running.client.createRepo(repo("data"));
  const id = await commitFiles(running.client, "data", { "/small": "1", "/large": "large;".repeat(20_000) });
  for (const folder of await readdir(join(running.home, "objects")))
    await rm(join(running.home, "objects", folder), { recursive: true });
  expect(await Array.fromAsync(running.client.checkStore())).toEqual([
    { kind: "error", text: expect.stringMatching(`is missing: 1 commit needs it \\(default/data@${id}:/large\\)$`) },
  ]);
});
