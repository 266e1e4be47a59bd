import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Pachd, type RepoName, commitOf, expectFault, pfs, pps } from "./pachd.ts";
import { type PipelineName, Pipelines, counts } from "./pipeline-calls.ts";

const TICK = /^\/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

let pachd: Pachd;
let pipelines: Pipelines;
let repo: RepoName;
beforeAll(async () => {
  pachd = await Pachd.connect();
  pipelines = new Pipelines(pachd);
  repo = await pachd.newRepo();
});
afterAll(() => pachd.close());

/** A pipeline that writes down the tick that it sees. */
async function newCron(cron: object): Promise<{ pipeline: PipelineName; ticks: RepoName }> {
  const script = "ls /pfs/tick > /pfs/out/seen";
  const pipeline = await pipelines.new(repo, script, { input: { cron: { name: "tick", ...cron } } });
  return { pipeline, ticks: { ...pipelines.repo(pipeline), name: `${pipeline.name}_tick` } };
}

async function files(ticks: RepoName): Promise<string[]> {
  const infos = await pachd.collect(pfs.ListFile, { file: { commit: commitOf(ticks), path: "/" } });
  return infos.map(({ file }) => file?.path ?? "");
}

async function exists({ name, project }: RepoName): Promise<boolean> {
  return (await pachd.collect(pfs.ListRepo, { projects: [project] })).some((info) => info.repo?.name === name);
}

describe("a cron input", () => {
  let pipeline: PipelineName;
  let ticks: RepoName;
  beforeAll(async () => {
    ({ pipeline, ticks } = await newCron({ spec: "@never" }));
    await pipelines.newest(pipeline);
  });

  test("has a repo of its own", async () => {
    const { description } = await pachd.call(pfs.InspectRepo, { repo: ticks });
    expect(description).toBe(`Cron tick repo for pipeline ${pachd.project}/${pipeline.name}.`);
  });

  test("begins with an empty commit that is nobody's, and a job without datums", async () => {
    const [first] = await pachd.collect(pfs.ListCommit, { repo: ticks, reverse: true });
    expect(first?.origin?.kind).toBe("AUTO");
    const [job] = await pipelines.jobs(pipeline, { reverse: true });
    expect(counts(await pipelines.ended(pipeline, job?.job?.id ?? ""))).toEqual([0, 0, 0, 0]);
  });

  test("is shown with its repo and the time that it started", async () => {
    const { details } = await pipelines.inspect(pipeline);
    expect(details?.input?.cron).toMatchObject({ name: "tick", repo: ticks.name, project: pachd.project, spec: "@never" });
    expect(details?.input?.cron?.start?.seconds).toMatch(/^\d+$/);
  });

  test("ticks when it is told to: a commit of the user with one empty file, named by its time", async () => {
    await pachd.call(pps.RunCron, { pipeline });
    const [head] = await pachd.collect(pfs.ListCommit, { repo: ticks, number: "1" });
    expect(head?.origin?.kind).toBe("USER");
    const info = await pachd.collect(pfs.ListFile, { file: { commit: commitOf(ticks), path: "/" } });
    expect(info.map(({ file, size_bytes }) => [file?.path, size_bytes ?? "0"])).toEqual([[expect.stringMatching(TICK), "0"]]);
  });

  test("gives the job of a tick its file, and the id of its commit set", async () => {
    await pachd.call(pps.RunCron, { pipeline });
    const job = await pipelines.newest(pipeline);
    expect(job).toMatchObject({ state: "JOB_SUCCESS", details: { input: { cron: { commit: job.job?.id } } } });
    expect(await pachd.read(pipelines.repo(pipeline), "/seen")).toMatch(/^\d{4}-.*Z\n$/);
  });
});

describe("a tick", () => {
  const OLD = "/2020-01-01T00:00:00Z";

  test.each([
    ["comes beside those before it", false, [OLD, expect.stringMatching(TICK)]],
    ["takes their place, with overwrite", true, [expect.stringMatching(TICK)]],
  ])("%s", async (_, overwrite, expected) => {
    const { pipeline, ticks } = await newCron({ spec: "@never", overwrite });
    await pachd.put(ticks, { [OLD]: "" });
    await pachd.call(pps.RunCron, { pipeline });
    expect(await files(ticks)).toEqual(expected);
    expect(await files(ticks)).not.toEqual([OLD]);
  });

  test("comes by itself when it is due", async () => {
    const { pipeline, ticks } = await newCron({ spec: "@every 1s", overwrite: true });
    const found = await pachd.collect(
      pfs.SubscribeCommit,
      { repo: ticks, branch: "master", origin_kind: "USER", state: "FINISHED" },
      1,
    );
    expect(found).toHaveLength(1);
    await pachd.call(pps.StopPipeline, { pipeline });
    expect(await files(ticks)).toEqual([expect.stringMatching(TICK)]);
  });
});

describe("a schedule", () => {
  test.each(["*/10 * * * *", "0 12 * * 1-5", "0 0 1 JAN *", "@hourly", "@daily", "@every 1h30m", "@never"])(
    "can be %s",
    async (spec) => {
      const { ticks } = await newCron({ spec });
      expect(await exists(ticks)).toBe(true);
    },
  );

  test.each(["", "soon", "* * * *", "* * * * * *", "61 * * * *", "@reboot", "@every day"])("cannot be %j", async (spec) => {
    await expectFault(newCron({ spec }), "UNKNOWN", "error parsing cron-spec");
  });
});

describe("the repo of a cron input", () => {
  test.each([
    ["goes with its pipeline", {}],
    ["goes with its pipeline, also where the output stays", { keep_repo: true }],
  ])("%s", async (_, more) => {
    const { pipeline, ticks } = await newCron({ spec: "@never" });
    expect(await exists(ticks)).toBe(true);
    await pachd.call(pps.DeletePipeline, { pipeline, ...more });
    expect(await exists(ticks)).toBe(false);
  });
});

test("a pipeline without a cron input cannot be told to tick", async () => {
  const pipeline = await pipelines.new(repo, "true");
  await expectFault(pachd.call(pps.RunCron, { pipeline }), "UNKNOWN", "pipeline doesn't have a cron input");
});
