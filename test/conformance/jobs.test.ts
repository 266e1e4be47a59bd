import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JobInfo__Output as JobInfo } from "../../src/pachyderm/generated/pps_v2/JobInfo.ts";
import { Pachd, type RepoName, commitOf, expectFault, pfs, pps, transactions } from "./pachd.ts";
import { COPY, type PipelineName, Pipelines, SOON, counts } from "./pipeline-calls.ts";

const NO_ID = "00000000000040008000000000000000";

let pachd: Pachd;
let pipelines: Pipelines;
beforeAll(async () => {
  pachd = await Pachd.connect();
  pipelines = new Pipelines(pachd);
});
afterAll(() => pachd.close());

function time(stamp: { seconds?: string; nanos?: number } | null | undefined): number {
  return Number(stamp?.seconds) * 1000 + (stamp?.nanos ?? 0) / 1e6;
}

describe("a job", () => {
  let repo: RepoName;
  let pipeline: PipelineName;
  let first: JobInfo;
  beforeAll(async () => {
    repo = await pachd.newRepo("in");
    await pachd.put(repo, { "/a": "1234", "/b": "2" });
    pipeline = await pipelines.new(repo, COPY);
    first = await pipelines.newest(pipeline);
  });

  test("has the id of its commit set, and of its output commit, which is named with its branch", () => {
    const output = pipelines.repo(pipeline);
    expect(first.job?.id).toMatch(/^[0-9a-f]{32}$/);
    expect(first.output_commit).toEqual({ repo: output, id: first.job?.id, branch: { repo: output, name: "master" } });
  });

  test("counts its datums and the bytes that they read and wrote", () => {
    expect(first).toMatchObject({ state: "JOB_SUCCESS", pipeline_version: "1", data_processed: "2", data_total: "2" });
    expect([first.data_skipped ?? "0", first.data_failed ?? "0", first.data_recovered ?? "0"]).toEqual(["0", "0", "0"]);
    expect(first.stats).toMatchObject({ download_bytes: "5", upload_bytes: "5" });
    expect([first.reason ?? "", first.restart ?? "0"]).toEqual(["", "0"]);
  });

  test("is created, then started, then finished", () => {
    expect(time(first.created)).toBeLessThanOrEqual(time(first.started));
    expect(time(first.started)).toBeLessThanOrEqual(time(first.finished));
  });

  test("has details when they are asked for, with inputs that are read at its own commit set", async () => {
    const job = { pipeline, id: first.job?.id ?? "" };
    expect((await pachd.call(pps.InspectJob, { job })).details).toBeUndefined();
    const { details } = await pachd.call(pps.InspectJob, { job, details: true });
    const { details: ofPipeline } = await pipelines.inspect(pipeline);
    expect(details).toMatchObject({
      transform: { image: "ubuntu:20.04", cmd: ["sh"], stdin: [COPY] },
      input: { pfs: { name: "in", repo: repo.name, repo_type: "user", branch: "master", glob: "/*", commit: job.id } },
      salt: ofPipeline?.salt ?? "",
      datum_tries: "1",
    });
  });

  test("of a pipeline or set that is not there is NOT_FOUND", async () => {
    const missing = { pipeline: { ...pipeline, name: "missing" }, id: NO_ID };
    const text = `jobs ${pachd.project}/missing@${NO_ID} not found`;
    await expectFault(pachd.call(pps.InspectJob, { job: missing }), "NOT_FOUND", text);
    await expectFault(pachd.call(pps.InspectJob, { job: { pipeline, id: NO_ID }, wait: true }), "NOT_FOUND");
  });

  test("works on what has changed only", async () => {
    await pachd.put(repo, { "/c": "3" });
    expect(counts(await pipelines.newest(pipeline))).toEqual([3, 1, 2, 0]);
  });

  test("has nothing to do, and no reason to say so, when a file is written again as it was", async () => {
    await pachd.put(repo, { "/a": "1234" });
    const job = await pipelines.newest(pipeline);
    expect(job).toMatchObject({ state: "JOB_SUCCESS" });
    expect(counts(job)).toEqual([3, 0, 3, 0]);
    expect(job.reason ?? "").toBe("");
  });

  test("is there from the moment that its input commit is started, and runs when that is finished", async () => {
    const commit = await pachd.call(pfs.StartCommit, { branch: { repo, name: "master" } });
    const [job] = await pipelines.jobs(pipeline);
    expect(job).toMatchObject({ job: { id: commit.id }, state: "JOB_CREATED" });
    expect(job?.started ?? undefined).toBeUndefined();
    await pachd.call(pfs.FinishCommit, { commit });
    expect(await pipelines.ended(pipeline, commit.id ?? "")).toMatchObject({ state: "JOB_SUCCESS" });
  });

  test("outlives its output commit", async () => {
    await pachd.put(repo, { "/dropped": "4" });
    const { job } = await pipelines.newest(pipeline);
    await pachd.call(pfs.DropCommitSet, { commit_set: { id: job?.id ?? "" } });
    await expectFault(pachd.call(pfs.InspectCommit, { commit: commitOf(pipelines.repo(pipeline), job?.id) }), "NOT_FOUND");
    expect(await pipelines.ended(pipeline, job?.id ?? "")).toMatchObject({
      state: "JOB_SUCCESS",
      output_commit: { id: job?.id, branch: { name: "master" } },
    });
  });

  test("can be deleted", async () => {
    await pachd.put(repo, { "/deleted": "5" });
    const { job } = await pipelines.newest(pipeline);
    await pachd.call(pps.DeleteJob, { job: { pipeline, id: job?.id ?? "" } });
    await expectFault(pachd.call(pps.InspectJob, { job: { pipeline, id: job?.id ?? "" } }), "NOT_FOUND");
    expect(await pachd.read(pipelines.repo(pipeline), "/deleted")).toBe("5");
  });

  test("without datums is a success", async () => {
    const empty = await pachd.newRepo();
    const job = await pipelines.newest(await pipelines.new(empty, "exit 1"));
    expect(job).toMatchObject({ state: "JOB_SUCCESS" });
    expect(counts(job)).toEqual([0, 0, 0, 0]);
  });
});

describe("a job that fails", () => {
  let pipeline: PipelineName;
  let next: PipelineName;
  let failed: JobInfo;
  beforeAll(async () => {
    const repo = await pachd.newRepo();
    await pachd.put(repo, { "/good": "", "/bad": "" });
    pipeline = await pipelines.new(repo, "sleep 0.3; test -e /pfs/in/good");
    next = await pipelines.new(pipelines.repo(pipeline), COPY);
    failed = await pipelines.newest(pipeline);
  });

  test("names a datum that failed", () => {
    expect(failed).toMatchObject({
      state: "JOB_FAILURE",
      reason: expect.stringMatching(/^datum [0-9a-f]{64} failed$/) as string,
    });
    expect(counts(failed)).toEqual([2, 1, 0, 1]);
  });

  test.each(["user", "meta"])("leaves its reason as the error of its %s commit", async (type) => {
    const commit = commitOf(pipelines.repo(pipeline, type), failed.job?.id);
    expect((await pachd.call(pfs.InspectCommit, { commit, wait: "FINISHED" })).error).toBe(failed.reason);
  });

  test("makes those downstream unrunnable", async () => {
    const job = await pipelines.newest(next);
    const reason = `unrunnable because the following upstream pipelines failed: ${pipeline.name}`;
    expect(job).toMatchObject({ state: "JOB_UNRUNNABLE", reason });
    const commit = commitOf(pipelines.repo(next), job.job?.id);
    expect((await pachd.call(pfs.InspectCommit, { commit, wait: "FINISHED" })).error).toBe(reason);
  });
});

describe("a job that is stopped", () => {
  let repo: RepoName;
  let slow: PipelineName;
  let next: PipelineName;
  beforeAll(async () => {
    repo = await pachd.newRepo();
    slow = await pipelines.new(repo, "sleep 1000");
    next = await pipelines.new(pipelines.repo(slow), COPY);
  });

  async function put(): Promise<string> {
    const { id = "" } = await pachd.call(pfs.StartCommit, { branch: { repo, name: "master" } });
    await pachd.send(pfs.ModifyFile, [{ set_commit: { repo, id } }, { add_file: { path: `/${id}` } }]);
    await pachd.call(pfs.FinishCommit, { commit: { repo, id } });
    return id;
  }

  test("is killed, with its reason as the error of its output commit", async () => {
    const id = await put();
    await expect.poll(async () => (await pipelines.jobs(slow))[0], SOON).toMatchObject({ state: "JOB_RUNNING" });
    await pachd.call(pps.StopJob, { job: { pipeline: slow, id }, reason: "enough" });
    expect(await pipelines.ended(slow, id)).toMatchObject({ state: "JOB_KILLED", reason: "enough" });
    const commit = commitOf(pipelines.repo(slow), id);
    expect((await pachd.call(pfs.InspectCommit, { commit, wait: "FINISHED" })).error).toBe("enough");
  });

  test("makes those downstream unrunnable", async () => {
    const id = await put();
    await pachd.call(pps.StopJob, { job: { pipeline: slow, id } });
    expect(await pipelines.ended(slow, id)).toMatchObject({ state: "JOB_KILLED", reason: "job stopped" });
    expect(await pipelines.ended(next, id)).toMatchObject({
      state: "JOB_UNRUNNABLE",
      reason: `unrunnable because the following upstream pipelines failed: ${slow.name}`,
    });
  });

  test("can be so with all of its set, in one transaction", async () => {
    const id = await put();
    const requests = [slow, next].map((pipeline) => ({ stop_job: { job: { pipeline, id } } }));
    await pachd.call(transactions.BatchTransaction, { requests });
    for (const pipeline of [slow, next])
      expect(await pipelines.ended(pipeline, id)).toMatchObject({ state: "JOB_KILLED", reason: "job stopped" });
  });

  test("that is not there is NOT_FOUND", async () => {
    await expectFault(pachd.call(pps.StopJob, { job: { pipeline: slow, id: NO_ID } }), "NOT_FOUND", `@${NO_ID} not found`);
  });
});
