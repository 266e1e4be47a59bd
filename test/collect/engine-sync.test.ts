import { afterAll, beforeAll, expect, test } from "vitest";
import { syncPachyderm } from "../../src/collect/pachyderm-sync.ts";
import { dump } from "../../src/lineage/store/dump.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import type { Urn } from "../../src/lineage/urn.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import type { PachydermClient } from "../../src/pachyderm/client.ts";
import type { TestEngine } from "../helpers/engine.ts";
import { branch, commitFiles, pipeline, repo, shellSpec, startTestEngine } from "../helpers/engine.ts";

const LATER = new Date("2030-01-01T00:00:00Z");

let engine: TestEngine;
let client: PachydermClient;
let first: string;

beforeAll(async () => {
  engine = await startTestEngine();
  client = engine.client;
  await client.createRepo(repo("raw"));
  await client.createPipeline(shellSpec("copy", "raw", "cp /pfs/raw/* /pfs/out/"));
  first = await commitFiles(client, "raw", { "/a": "1" });
  await Array.fromAsync(client.inspectJobSet(first, { wait: true }));
});

afterAll(() => engine.close());

test("a pipeline's older version is known as well, each with its own time, and each job is of its own", async () => {
  using index = new LineageIndex(":memory:");
  await client.createPipeline(shellSpec("copy", "raw", "cp /pfs/raw/* /pfs/out/ # again"), { update: true });
  await syncPachyderm(index, client);
  const versions = [...index.records(["pipeline"])];
  expect(versions).toMatchObject([
    { rank: "source", node: { version: 1, specDigest: expect.stringMatching(/^[0-9a-f]{64}$/) } },
    { rank: "source", node: { version: 2 } },
  ]);
  const [one, two] = versions.map(({ since }) => since?.getTime() ?? Number.NaN);
  expect(two).toBeGreaterThan(one ?? Number.NaN);
  expect(index.edgesUp(job("copy", first)).map(({ to }) => to)).toContain("urn:stemma:pipeline:default/copy#1");
});

test("what is new is found by an index that followed, and the graph is that of a new one", async () => {
  using followed = new LineageIndex(":memory:");
  await syncPachyderm(followed, client);
  const open = await client.startCommit(branch("raw"));
  await syncPachyderm(followed, client);
  expect(followed.record(commit("raw", open.id))?.node.state).toBe("open");
  await client.finishCommit(open);
  await Array.fromAsync(client.inspectJobSet(open.id, { wait: true }));
  await client.inspectCommit({ repo: repo("copy"), at: open.id }, "FINISHED");
  await syncPachyderm(followed, client);
  expect(followed.record(commit("raw", open.id))?.node.state).toBe("finished");
  expect(followed.record(job("copy", open.id))?.node.state).toBe("success");
  using fresh = new LineageIndex(":memory:");
  await syncPachyderm(fresh, client);
  expect([...dump(followed)]).toEqual([...dump(fresh)]);
});

test("a deleted pipeline and its repo stay as they were, and are marked", async () => {
  using index = new LineageIndex(":memory:");
  await client.createPipeline(shellSpec("gone", "raw", "cp /pfs/raw/* /pfs/out/"));
  const { id } = (await client.inspectCommit({ repo: repo("gone"), at: "master" }, "FINISHED")).commit;
  await syncPachyderm(index, client);
  await client.deletePipeline(pipeline("gone"));
  await syncPachyderm(index, client, { now: () => LATER });
  expect(index.record(commit("gone", id))?.gone).toEqual(LATER);
  expect(index.record(job("gone", id))?.gone).toEqual(LATER);
  expect(index.edgesUp(job("gone", id)).map(({ kind }) => kind)).toEqual(expect.arrayContaining(["of", "used"]));
  expect(index.labels({ scope: "branch:default/gone" })).toMatchObject([{ name: "master", until: LATER }]);
});

test("a pipeline that was made anew under an old one's name is another", async () => {
  using index = new LineageIndex(":memory:");
  await client.createPipeline(shellSpec("twin", "raw", "cp /pfs/raw/* /pfs/out/"));
  const { id } = (await client.inspectCommit({ repo: repo("twin"), at: "master" }, "FINISHED")).commit;
  await syncPachyderm(index, client);
  await client.deletePipeline(pipeline("twin"));
  await client.createPipeline(shellSpec("twin", "raw", "true"));
  await client.inspectCommit({ repo: repo("twin"), at: "master" }, "FINISHED");
  await syncPachyderm(index, client, { now: () => LATER });
  expect(index.record(job("twin", id))?.gone).toEqual(LATER);
  using fresh = new LineageIndex(":memory:");
  await syncPachyderm(fresh, client);
  const version = formatUrn({ kind: "pipeline", project: "default", pipeline: "twin", version: 1 });
  expect(index.record(version)).toEqual(fresh.record(version));
});

test("a repo that was made anew under an old one's name has none of its commits", async () => {
  using index = new LineageIndex(":memory:");
  await client.createRepo(repo("again"));
  const before = await commitFiles(client, "again", { "/a": "1" });
  await syncPachyderm(index, client);
  await client.deleteRepo(repo("again"));
  await client.createRepo(repo("again"));
  const after = await commitFiles(client, "again", { "/a": "1" });
  await syncPachyderm(index, client, { now: () => LATER });
  expect(index.record(commit("again", before))?.gone).toEqual(LATER);
  expect(index.record(commit("again", after))).toMatchObject({ rank: "source", node: { state: "finished" } });
});

function commit(name: string, id: string): Urn {
  return formatUrn({ kind: "commit", project: "default", repo: name, type: "user", id });
}

function job(name: string, id: string): Urn {
  return formatUrn({ kind: "job", project: "default", pipeline: name, id });
}
