import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SyncReport } from "../../src/collect/sync-options.ts";
import { watch } from "../../src/collect/watch.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import type { PachydermClient } from "../../src/pachyderm/client.ts";
import type { TestEngine } from "../helpers/engine.ts";
import { commitFiles, repo, shellSpec, startTestEngine } from "../helpers/engine.ts";
import { FakeMlflow } from "../helpers/fake-lineage-sources.ts";
import { RUN } from "./story.ts";

const WAIT = { timeout: 20_000, interval: 20 };

let engine: TestEngine;
let index: LineageIndex;
let stop: AbortController;

beforeEach(async () => {
  engine = await startTestEngine();
  index = new LineageIndex(":memory:");
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await engine.close();
  index.close();
});

test("commits, jobs and runs are in the index soon after they are made, also of a repo that is new", async () => {
  const mlflow = new FakeMlflow();
  const watching = follow(engine.client, mlflow, () => undefined);
  await engine.client.createRepo(repo("raw"));
  await engine.client.createPipeline(shellSpec("copy", "raw", "cp /pfs/raw/* /pfs/out/"));
  const id = await commitFiles(engine.client, "raw", { "/a": "1" });
  await vi.waitFor(() => expect(jobState(id)).toBe("success"), WAIT);
  mlflow.run(RUN);
  await vi.waitFor(() => expect([...index.records(["run"])]).toHaveLength(1), WAIT);
  stop.abort();
  await watching;
});

test("a server that was lost is followed on when it is there again", async () => {
  await engine.client.createRepo(repo("raw"));
  const reports: SyncReport[] = [];
  // The engine comes back at another address: what it is reached by changes under the watch.
  let client = engine.client;
  const moving = new Proxy(client, { get: (_, name) => Reflect.get(client, name, client).bind(client) });
  const watching = follow(moving, new FakeMlflow(), (report) => reports.push(report));
  const first = await commitFiles(client, "raw", { "/a": "1" });
  await vi.waitFor(() => expect(commits()).toContain(first), WAIT);
  await engine.engine.close();
  await vi.waitFor(() => expect(reports.at(-1)?.gaps).toHaveLength(1), WAIT);
  const lost = client;
  engine = await startTestEngine({ home: engine.home });
  client = engine.client;
  const second = await commitFiles(client, "raw", { "/b": "2" });
  await vi.waitFor(() => expect(commits()).toContain(second), WAIT);
  await vi.waitFor(() => expect(reports.at(-1)?.gaps).toEqual([]), WAIT);
  stop.abort();
  await watching;
  lost.close();
});

function follow(pachyderm: PachydermClient, mlflow: FakeMlflow, onChange: (report: SyncReport) => void): Promise<void> {
  return watch(index, { pachyderm, mlflow }, { signal: stop.signal, onChange, everyMs: 50 });
}

function commits(): readonly string[] {
  return [...index.records(["commit"])].map(({ node }) => (node.kind === "commit" ? node.id : ""));
}

function jobState(id: string): string | undefined {
  return [...index.records(["job"])].find(({ node }) => node.kind === "job" && node.id === id)?.node.state;
}
