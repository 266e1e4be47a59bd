import { describe, expect, test } from "vitest";
import { syncPachyderm } from "../../src/collect/pachyderm-sync.ts";
import { refresh } from "../../src/collect/refresh.ts";
import { sync } from "../../src/collect/sync.ts";
import { StemmaError } from "../../src/lineage/errors.ts";
import { dump } from "../../src/lineage/store/dump.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import type { CommitIdentity, JobIdentity } from "../../src/lineage/urn.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import type { CommitName } from "../../src/pachyderm/types.ts";
import { FakeMlflow, hexId } from "../helpers/fake-lineage-sources.ts";
import { OTHER_SET, RUN, SET, demoStory, longHistory } from "./story.ts";

const LATER = new Date("2026-11-22T08:00:00Z");

describe("a sync reads only what is new", () => {
  test("nothing is listed twice when nothing happened", async () => {
    using index = new LineageIndex(":memory:");
    const { pachyderm } = demoStory();
    expect(await syncPachyderm(index, pachyderm)).toEqual({ commits: 4, jobs: 3 });
    pachyderm.calls.length = 0;
    expect(await syncPachyderm(index, pachyderm)).toEqual({ commits: 0, jobs: 0 });
    const perRepo = ["etl", "raw_data", "split", "train"].flatMap((repo) => [`listBranches ${repo}`, `listCommits ${repo}`]);
    expect(pachyderm.calls.toSorted()).toEqual([...perRepo, "listJobs", "listPipelines"].toSorted());
  });

  test("a new commit costs as much after a long history as after a short one", async () => {
    expect(await costOfOneMore(400)).toEqual(await costOfOneMore(20));
  });

  test("many new ones are all read, oldest first", async () => {
    using index = new LineageIndex(":memory:");
    await syncPachyderm(index, longHistory(3));
    await syncPachyderm(index, longHistory(500));
    expect([...index.records(["commit"])]).toHaveLength(500);
  });

  test("a commit and a job that were not done are read again until they are", async () => {
    using index = new LineageIndex(":memory:");
    const { pachyderm, train } = demoStory();
    pachyderm.job("score", OTHER_SET, train, [], { state: "JOB_RUNNING" });
    await syncPachyderm(index, pachyderm);
    pachyderm.calls.length = 0;
    await syncPachyderm(index, pachyderm);
    expect(pachyderm.calls).toContain(`inspectJob score@${OTHER_SET}`);
    pachyderm.job("score", OTHER_SET, train, []);
    await syncPachyderm(index, pachyderm);
    expect(index.record(formatUrn(job("score", OTHER_SET)))?.node.state).toBe("success");
    pachyderm.calls.length = 0;
    await syncPachyderm(index, pachyderm);
    expect(pachyderm.calls).not.toContain(`inspectJob score@${OTHER_SET}`);
  });
});

describe("what is gone stays, marked with when it was seen", () => {
  test("a commit that a full sync finds no more", async () => {
    using index = new LineageIndex(":memory:");
    const { pachyderm, split } = demoStory();
    await syncPachyderm(index, pachyderm);
    pachyderm.forgetCommit(split);
    await syncPachyderm(index, pachyderm, { full: true, now: () => LATER });
    expect(index.record(commit(split))).toMatchObject({ gone: LATER, node: { state: "finished" } });
    expect(index.edgesUp(commit(split))).toMatchObject([{ kind: "generated" }]);
  });

  test("a branch's head that is gone, and its job with it, are noticed by any sync", async () => {
    using index = new LineageIndex(":memory:");
    const { pachyderm, raw } = demoStory();
    const dropped = pachyderm.job("split", OTHER_SET, raw, []);
    await syncPachyderm(index, pachyderm);
    pachyderm.drop(dropped);
    await syncPachyderm(index, pachyderm, { now: () => LATER });
    expect(index.record(commit(dropped))?.gone).toEqual(LATER);
    expect(index.record(formatUrn(job("split", OTHER_SET)))?.gone).toEqual(LATER);
  });

  test("a repo and a pipeline, with all that was in them", async () => {
    using index = new LineageIndex(":memory:");
    const { pachyderm, train } = demoStory();
    await syncPachyderm(index, pachyderm);
    pachyderm.forgetCommit(train);
    pachyderm.forgetJob(train);
    await syncPachyderm(index, pachyderm, { now: () => LATER });
    expect(index.record(commit(train))?.gone).toEqual(LATER);
    expect(index.record(formatUrn(job("train", SET)))?.gone).toEqual(LATER);
    expect(index.labels({ scope: "branch:default/train" })).toMatchObject([{ until: LATER }]);
  });

  test("what is asked for by name is noticed at once", async () => {
    using index = new LineageIndex(":memory:");
    const { pachyderm, mlflow, split, etl } = demoStory();
    await sync(index, { pachyderm, mlflow });
    pachyderm.forgetCommit(split);
    pachyderm.forgetJob(split);
    const urns = [commit(split), commit(etl), formatUrn(job("split", SET))];
    await refresh(index, { pachyderm, mlflow }, urns, () => LATER);
    expect(urns.map((urn) => index.record(urn)?.gone)).toEqual([LATER, undefined, LATER]);
  });

  test("what is there again is marked no more", async () => {
    using index = new LineageIndex(":memory:");
    const { pachyderm, raw } = demoStory();
    await syncPachyderm(index, pachyderm);
    index.write((writer) => writer.markGone(commit(raw), LATER));
    await syncPachyderm(index, pachyderm, { full: true });
    expect(index.record(commit(raw))?.gone).toBeUndefined();
  });
});

describe("the graph is the same", () => {
  test("however often and in however many parts it was read", async () => {
    using once = new LineageIndex(":memory:");
    using often = new LineageIndex(":memory:");
    const { pachyderm, raw } = demoStory();
    await syncPachyderm(often, pachyderm);
    pachyderm.commit("raw_data", OTHER_SET, ["/day-3.csv"]);
    await syncPachyderm(often, pachyderm);
    pachyderm.derive("joined", hexId("joined"), [raw], ["/j"]);
    await syncPachyderm(often, pachyderm);
    await syncPachyderm(often, pachyderm, { full: true });
    await syncPachyderm(once, pachyderm);
    expect(text(often)).toBe(text(once));
  });

  test("when the server was lost after any call, and the next sync went on", async () => {
    using whole = new LineageIndex(":memory:");
    const undisturbed = demoStory().pachyderm;
    await syncPachyderm(whole, undisturbed);
    for (let after = 0; after < undisturbed.calls.length; after += 1) {
      using index = new LineageIndex(":memory:");
      const { pachyderm } = demoStory();
      pachyderm.failAfter = after;
      await expect(syncPachyderm(index, pachyderm)).rejects.toBeInstanceOf(StemmaError);
      pachyderm.failAfter = Number.POSITIVE_INFINITY;
      await syncPachyderm(index, pachyderm);
      expect(text(index)).toBe(text(whole));
    }
  });
});

test("a run card tells of its run until MLflow does", async () => {
  using index = new LineageIndex(":memory:");
  const { pachyderm, train } = demoStory();
  await syncPachyderm(index, pachyderm);
  const run = formatUrn({ kind: "run", id: RUN });
  expect(index.record(run)).toMatchObject({ rank: "told", node: { metrics: { areaUnderPR: 0.5 } } });
  expect(index.edgesUp(commit(train))).toContainEqual({ from: commit(train), kind: "generated", to: run });
});

test("one source that cannot be reached keeps nobody from reading the other", async () => {
  using index = new LineageIndex(":memory:");
  const { pachyderm } = demoStory();
  const mlflow = new FakeMlflow();
  pachyderm.failAfter = 0;
  mlflow.run(RUN);
  const report = await sync(index, { pachyderm, mlflow });
  expect(report).toMatchObject({ read: { commits: 0, runs: 1 }, gaps: [{ effect: "missing" }] });
});

/** How many calls one more commit takes, and how many things are told in them. */
async function costOfOneMore(history: number): Promise<{ readonly calls: number; readonly told: number }> {
  using index = new LineageIndex(":memory:");
  await syncPachyderm(index, longHistory(history));
  const pachyderm = longHistory(history + 1);
  expect(await syncPachyderm(index, pachyderm)).toEqual({ commits: 1, jobs: 0 });
  return { calls: pachyderm.calls.length, told: pachyderm.told };
}

function commit({ repo, id }: CommitName): ReturnType<typeof formatUrn> {
  const identity: CommitIdentity = { kind: "commit", project: repo.project, repo: repo.name, type: repo.type, id };
  return formatUrn(identity);
}

function job(pipeline: string, id: string): JobIdentity {
  return { kind: "job", project: "default", pipeline, id };
}

function text(index: LineageIndex): string {
  return [...dump(index)].join("");
}
