import { existsSync, writeFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { rebuild } from "../../src/collect/rebuild.ts";
import { sync } from "../../src/collect/sync.ts";
import { dump } from "../../src/lineage/store/dump.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import { OTHER_SET, RUN, askIndex, demoStory, things } from "./story.ts";

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stemma-rebuild-"));
  file = join(folder, "index.db");
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

test("a rebuilt index is the same, byte for byte, with what the servers know no more", async () => {
  const { pachyderm, mlflow, raw, train } = demoStory();
  const sources = { pachyderm, mlflow };
  const earlier = pachyderm.job("train", OTHER_SET, raw, [{ id: "d1", reads: ["/day-1.csv"], writes: ["/model"] }]);
  await syncFile(sources);
  pachyderm.drop(earlier);
  mlflow.forget(RUN);
  pachyderm.commit("raw_data", "4".repeat(32), ["/day-9.csv"]);
  await syncFile(sources);
  const before = dumpOf();
  expect(before).toContain('"gone":true');
  const report = await rebuild(file, sources);
  expect(report).toMatchObject({ carriedOver: true, gaps: [] });
  expect(dumpOf()).toBe(before);
  using index = new LineageIndex(file);
  expect(index.labels({ scope: "branch:default/raw_data" })).toHaveLength(2);
  expect(things(await askIndex(index, sources, `train@${train.id}`, "up"))).toContain("run R");
});

test("the files of a job that is gone are still known", async () => {
  const { pachyderm, mlflow, raw } = demoStory();
  const sources = { pachyderm, mlflow };
  const made = pachyderm.job("copy", OTHER_SET, raw, [{ id: "d1", reads: ["/day-1.csv"], writes: ["/copy.csv"] }]);
  const reference = `copy@${made.id}:/copy.csv`;
  using old = new LineageIndex(file);
  const before = things(await askIndex(old, sources, reference, "up"));
  expect(before).toContain("file raw_data@S:/day-1.csv");
  pachyderm.forgetCommit(made);
  pachyderm.forgetJob(made);
  await rebuild(file, sources);
  using index = new LineageIndex(file);
  expect(things(await askIndex(index, sources, reference, "up"))).toEqual(before);
});

test("a source that cannot be reached leaves the old index in place", async () => {
  const { pachyderm, mlflow } = demoStory();
  await syncFile({ pachyderm, mlflow });
  const before = dumpOf();
  pachyderm.failAfter = 0;
  await expect(rebuild(file, { pachyderm, mlflow })).rejects.toMatchObject({ code: "UNREACHABLE" });
  expect(dumpOf()).toBe(before);
  expect(await readdir(folder)).toEqual(["index.db"]);
});

test("a file that is no index is replaced, and it is said that nothing was carried over", async () => {
  writeFileSync(file, "not a database, but long enough to be looked at as one");
  expect(await rebuild(file, demoStory())).toMatchObject({ carriedOver: false });
  expect(dumpOf()).toContain("raw_data");
});

test("there need not be an index yet", async () => {
  expect(await rebuild(file, demoStory())).toMatchObject({ carriedOver: true });
  expect(existsSync(file)).toBe(true);
});

async function syncFile(sources: Parameters<typeof sync>[1]): Promise<void> {
  using index = new LineageIndex(file);
  await sync(index, sources, { full: true });
}

function dumpOf(): string {
  using index = new LineageIndex(file);
  return [...dump(index)].join("");
}
