import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Pachd, type RepoName, commitOf, expectFault, pfs, pps, uniqueName } from "./pachd.ts";
import { COPY, type PipelineName, Pipelines, SOON, counts, names } from "./pipeline-calls.ts";

let pachd: Pachd;
let pipelines: Pipelines;
/** With the files /a and /b. */
let input: RepoName;
beforeAll(async () => {
  pachd = await Pachd.connect();
  pipelines = new Pipelines(pachd);
  input = await pachd.newRepo("in");
  await pachd.put(input, { "/a": "1", "/b": "2" });
});
afterAll(() => pachd.close());

describe("a pipeline that is stopped", () => {
  let repo: RepoName;
  let pipeline: PipelineName;
  beforeAll(async () => {
    repo = await pachd.newRepo();
    await pachd.put(repo, { "/a": "1" });
    pipeline = await pipelines.new(repo, COPY);
    await pipelines.newest(pipeline);
    await pachd.call(pps.StopPipeline, { pipeline });
  });

  test("is paused, and its branch has no provenance", async () => {
    await expect.poll(() => pipelines.inspect(pipeline), SOON).toMatchObject({ stopped: true, state: "PIPELINE_PAUSED" });
    expect((await pipelines.branch(pipelines.repo(pipeline))).direct_provenance ?? []).toEqual([]);
  });

  test("makes no output of new input until it is started: then one commit of the newest", async () => {
    await pachd.put(repo, { "/b": "2" });
    await pachd.put(repo, { "/c": "3" });
    expect(await pipelines.jobs(pipeline)).toHaveLength(1);
    await pachd.call(pps.StartPipeline, { pipeline });
    expect(counts(await pipelines.newest(pipeline))).toEqual([3, 2, 1, 0]);
    expect(await pipelines.jobs(pipeline)).toHaveLength(2);
    const { origin } = await pachd.call(pfs.InspectCommit, { commit: commitOf(pipelines.repo(pipeline)) });
    expect(origin?.kind).toBe("AUTO");
    await expect.poll(() => pipelines.inspect(pipeline), SOON).toMatchObject({ state: "PIPELINE_RUNNING" });
  });

  test("has no job under way", async () => {
    const slow = await pipelines.new(input, "sleep 1000");
    const [job] = await pipelines.jobs(slow);
    await pachd.call(pps.StopPipeline, { pipeline: slow });
    expect(await pipelines.ended(slow, job?.job?.id ?? "")).toMatchObject({
      state: "JOB_KILLED",
      reason: expect.stringMatching(/^all jobs killed because pipeline was stopped/) as string,
    });
  });
});

describe("a deletion", () => {
  test("takes the pipeline's repos and jobs with it", async () => {
    const pipeline = await pipelines.new(input, COPY);
    const { job } = await pipelines.newest(pipeline);
    await pachd.call(pps.DeletePipeline, { pipeline, must_exist: true });
    for (const type of ["user", "spec", "meta"]) expect(await pipelines.hasRepo(pipelines.repo(pipeline, type))).toBe(false);
    await expectFault(pipelines.inspect(pipeline), "NOT_FOUND", `pipeline "${pachd.project}/${pipeline.name}" not found`);
    const text = `jobs ${pachd.project}/${pipeline.name}@${job?.id} not found`;
    await expectFault(pachd.call(pps.InspectJob, { job: { pipeline, id: job?.id ?? "" } }), "NOT_FOUND", text);
  });

  test("can keep the output, as a repo like any other", async () => {
    const pipeline = await pipelines.new(input, COPY);
    await pipelines.newest(pipeline);
    await pachd.call(pps.DeletePipeline, { pipeline, keep_repo: true });
    const repo = pipelines.repo(pipeline);
    expect(await pachd.read(repo, "/a")).toBe("1");
    for (const type of ["spec", "meta"]) expect(await pipelines.hasRepo(pipelines.repo(pipeline, type))).toBe(false);
    await pachd.put(repo, { "/mine": "x" });
    expect(await pachd.read(repo, "/mine")).toBe("x");
  });

  test("is refused while something comes from the output, unless it is forced", async () => {
    const up = await pipelines.new(input, COPY);
    const down = await pipelines.new(pipelines.repo(up), COPY);
    const [here, there] = [`${pachd.project}/${up.name}@master`, `${pachd.project}/${down.name}`];
    await expectFault(
      pachd.call(pps.DeletePipeline, { pipeline: up }),
      "UNKNOWN",
      `branch "${here}" cannot be deleted because it's in the direct provenance of [`,
      `${there}@master`,
      `${there}.meta@master`,
    );
    await pachd.call(pps.DeletePipeline, { pipeline: up, force: true });
    expect(await pipelines.hasRepo(pipelines.repo(up))).toBe(false);
  });

  test("of pipelines that come from each other is one of all of a project", async () => {
    const project = { name: uniqueName("proj") };
    await pachd.call(pfs.CreateProject, { project });
    const up = { ...pipelines.spec(input, COPY), pipeline: { name: uniqueName("up"), project } };
    await pipelines.create(up);
    const down = { ...pipelines.spec(pipelines.repo(up.pipeline), COPY), pipeline: { name: uniqueName("down"), project } };
    await pipelines.create(down);
    const { pipelines: deleted = [] } = await pachd.call(pps.DeletePipelines, { projects: [project] });
    expect(names(deleted)).toEqual(names([up.pipeline, down.pipeline]));
    await pachd.call(pfs.DeleteProject, { project });
  });
});

describe("of a pipeline that is missing", () => {
  let missing: { pipeline: PipelineName };
  let text: string;
  beforeAll(() => {
    missing = { pipeline: { name: "missing", project: { name: pachd.project } } };
    const name = `${pachd.project}/missing`;
    text =
      `couldn't find up to date spec for pipeline "${name}": pick commit tx: commit ${name}.spec@ not found\n` +
      `repo ${name}.spec not found\npipeline "${name}" not found`;
  });

  test.each(["InspectPipeline", "StartPipeline", "RerunPipeline", "RunCron"] as const)("%s is NOT_FOUND", async (method) => {
    await expectFault(pachd.call(pps[method], missing), "NOT_FOUND", `pipeline was not inspected: ${text}`);
  });

  test.each(["StopPipeline", "DeletePipeline"] as const)("%s is nothing, unless it must exist", async (method) => {
    expect(await pachd.call(pps[method], missing)).toEqual({});
    await expectFault(pachd.call(pps[method], { ...missing, must_exist: true }), "NOT_FOUND", text);
  });
});

describe("a summary of pipelines", () => {
  test("counts those that run, that are stopped, that failed, and whose newest job was no success", async () => {
    const project = { name: uniqueName("sum") };
    await pachd.call(pfs.CreateProject, { project });
    const create = async (name: string, more: object): Promise<PipelineName> => {
      await pipelines.create({ ...pipelines.spec(input, "true"), pipeline: { name, project }, ...more });
      return { name, project };
    };
    const [runs, stops, fails] = [await create("runs", {}), await create("stops", {}), await create("fails", { transform: {} })];
    for (const pipeline of [runs, stops, fails]) await pipelines.newest(pipeline);
    await pachd.call(pps.StopPipeline, { pipeline: stops });
    const summarize = async () => (await pachd.call(pps.PipelinesSummary, { projects: [project] })).summaries;
    await expect
      .poll(summarize, SOON)
      .toMatchObject([
        { project, active_pipelines: "1", paused_pipelines: "1", failed_pipelines: "1", unhealthy_pipelines: "1" },
      ]);
    await pachd.call(pps.DeletePipelines, { projects: [project] });
    await pachd.call(pfs.DeleteProject, { project });
  });
});

test("running a pipeline by hand is not implemented", async () => {
  const pipeline = await pipelines.new(input, "true");
  await expectFault(pachd.call(pps.RunPipeline, { pipeline }), "UNKNOWN", "unimplemented");
});
