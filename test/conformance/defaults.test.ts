import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Pachd, type RepoName, expectFault, pfs, pps, uniqueName } from "./pachd.ts";
import { COPY, type PipelineName, Pipelines, counts } from "./pipeline-calls.ts";

let pachd: Pachd;
let pipelines: Pipelines;
let repo: RepoName;
let project: { name: string };
/** The cluster's, which are put back after each test. */
let installed: string;
beforeAll(async () => {
  pachd = await Pachd.connect();
  pipelines = new Pipelines(pachd);
  repo = await pachd.newRepo();
  await pachd.put(repo, { "/a": "1" });
  installed = await clusterDefaults();
});
afterAll(() => pachd.close());
afterEach(() => setCluster(installed));
beforeEach(async () => {
  project = { name: uniqueName("defaults") };
  await pachd.call(pfs.CreateProject, { project });
});

async function clusterDefaults(): Promise<string> {
  return (await pachd.call(pps.GetClusterDefaults, {})).cluster_defaults_json ?? "";
}

function setCluster(cluster_defaults_json: string, more: object = {}) {
  return pachd.call(pps.SetClusterDefaults, { cluster_defaults_json, ...more });
}

function setProject(request: object, more: object = {}) {
  const project_defaults_json = JSON.stringify({ create_pipeline_request: request });
  return pachd.call(pps.SetProjectDefaults, { project, project_defaults_json, ...more });
}

async function projectDefaults(): Promise<unknown> {
  const { project_defaults_json } = await pachd.call(pps.GetProjectDefaults, { project });
  return JSON.parse(project_defaults_json ?? "");
}

function specIn(name: string, more: object = {}): ReturnType<Pipelines["spec"]> {
  return { ...pipelines.spec(repo, COPY, more), pipeline: { name, project } };
}

/** What a spec would become. */
function effective(more: object = {}): Promise<object> {
  return pipelines.create(specIn("p", more), { dry_run: true });
}

async function create(name: string, more: object = {}): Promise<PipelineName> {
  const spec = specIn(name, more);
  await pipelines.create(spec);
  return spec.pipeline;
}

describe("the defaults of a project", () => {
  test("are empty at first", async () => {
    expect(await projectDefaults()).toEqual({});
  });

  test("are given back as they were set, with the time", async () => {
    const request = { datum_tries: 7 };
    await setProject(request);
    expect(await projectDefaults()).toEqual({ create_pipeline_request: request });
    expect((await pachd.call(pps.GetProjectDefaults, { project })).created_at?.seconds).toMatch(/^\d+$/);
  });

  test("are shown with the project", async () => {
    await setProject({ salt: "s" });
    const { defaults_json } = await pachd.call(pfs.InspectProjectV2, { project });
    expect(JSON.parse(defaults_json ?? "")).toEqual({ create_pipeline_request: { salt: "s" } });
  });

  test("of one that is missing are NOT_FOUND, and yet can be set", async () => {
    project = { name: uniqueName("missing") };
    await expectFault(pachd.call(pps.GetProjectDefaults, { project }), "NOT_FOUND", `project "${project.name}" not found`);
    expect(await setProject({})).toEqual({});
  });

  test.each([
    ["is no JSON", "{"],
    ["has an unknown field", '{"createPipelineRequest":{"foo":1}}'],
    ["has a value of a wrong type", '{"createPipelineRequest":{"transform":"x"}}'],
    ["is no defaults", '{"transform":{}}'],
  ])("cannot be what %s", async (_, project_defaults_json) => {
    await expectFault(pachd.call(pps.SetProjectDefaults, { project, project_defaults_json }), "INVALID_ARGUMENT");
    expect(await projectDefaults()).toEqual({});
  });

  test("are of that project only", async () => {
    await setProject({ datum_tries: 7 });
    const elsewhere = await pipelines.create(
      { ...specIn("p"), pipeline: { name: "p", project: { name: pachd.project } } },
      { dry_run: true },
    );
    expect(elsewhere).toMatchObject({ datumTries: "1" });
  });
});

describe("the defaults of the cluster", () => {
  test("are given back as they were set", async () => {
    await setCluster('{"createPipelineRequest": {"datumTries": "9"}}');
    expect(await clusterDefaults()).toBe('{"createPipelineRequest": {"datumTries": "9"}}');
  });

  test.each(["{", "", '{"foo":1}', '{"createPipelineRequest":{"datumTries":"many"}}'])("cannot be %j", async (json) => {
    const before = await clusterDefaults();
    await expectFault(setCluster(json), "INVALID_ARGUMENT", "invalid cluster defaults JSON");
    expect(await clusterDefaults()).toBe(before);
  });
});

describe("what a spec becomes", () => {
  test("is what the user says, over the project's defaults, over the cluster's, over the built-in ones", async () => {
    await setCluster(JSON.stringify({ create_pipeline_request: { description: "c", salt: "c", datum_tries: 9 } }));
    await setProject({ description: "p", salt: "p" });
    expect(await effective({ description: "u", datum_tries: undefined })).toMatchObject({
      description: "u",
      salt: "p",
      datumTries: "9",
      outputBranch: "master",
    });
  });

  test("is merged member by member, and lists are replaced", async () => {
    await setProject({ transform: { image: "mine", cmd: ["a", "b"], env: { A: "1" } }, resource_limits: { cpu: 2 } });
    expect(await effective({ transform: { cmd: ["c"], env: { B: "2" } }, resource_limits: { memory: "1G" } })).toMatchObject({
      transform: { image: "mine", cmd: ["c"], env: { A: "1", B: "2" } },
      resourceLimits: { cpu: 2, memory: "1G" },
    });
  });

  test("has nothing where an upper layer says null", async () => {
    await setProject({ reprocess_spec: null, salt: "s" });
    const spec = await effective({ salt: null });
    expect(spec).not.toHaveProperty("reprocessSpec");
    expect(spec).not.toHaveProperty("salt");
  });

  test("is kept with the pipeline, beside what the user said", async () => {
    await setProject({ description: "ours" });
    const pipeline = await create("p");
    const info = await pipelines.inspect(pipeline);
    expect(info.details?.description).toBe("ours");
    expect(JSON.parse(info.user_spec_json ?? "")).not.toHaveProperty("description");
    expect(JSON.parse(info.effective_spec_json ?? "")).toMatchObject({ description: "ours" });
  });
});

describe("new defaults", () => {
  test("leave the pipelines that are there as they are", async () => {
    const pipeline = await create("p");
    expect(await setProject({ description: "new" })).toEqual({});
    expect(await pipelines.inspect(pipeline)).toMatchObject({ version: "1" });
  });

  test("that regenerate make a new version of each pipeline that they change, and name it", async () => {
    const [changed, same] = [await create("changed"), await create("same", { description: "own" })];
    await pipelines.newest(changed);
    const { affected_pipelines } = await setProject({ description: "new" }, { regenerate: true });
    expect(affected_pipelines).toEqual([changed]);
    expect(await pipelines.inspect(changed)).toMatchObject({ version: "2", details: { description: "new" } });
    expect(await pipelines.inspect(same)).toMatchObject({ version: "1", details: { description: "own" } });
    expect(counts(await pipelines.newest(changed))).toEqual([1, 0, 1, 0]);
  });

  test("that reprocess make these work on everything again", async () => {
    const pipeline = await create("p");
    await pipelines.newest(pipeline);
    await setProject({ description: "new" }, { regenerate: true, reprocess: true });
    expect(counts(await pipelines.newest(pipeline))).toEqual([1, 1, 0, 0]);
  });

  test("can be tried out: what they would change is named, and nothing is changed", async () => {
    const pipeline = await create("p");
    const { affected_pipelines } = await setProject({ description: "new" }, { regenerate: true, dry_run: true });
    expect(affected_pipelines).toEqual([pipeline]);
    expect(await pipelines.inspect(pipeline)).toMatchObject({ version: "1" });
    expect(await projectDefaults()).toEqual({});
  });

  test("of the cluster reach pipelines of all projects that do not say otherwise", async () => {
    const pipeline = await create("p");
    const { createPipelineRequest: before } = JSON.parse(installed) as { createPipelineRequest?: object };
    const json = JSON.stringify({ createPipelineRequest: { ...before, description: "all" } });
    const { affected_pipelines = [] } = await setCluster(json, { regenerate: true, dry_run: true });
    expect(affected_pipelines).toContainEqual(pipeline);
    await setProject({ description: "ours" }, { regenerate: true });
    const { affected_pipelines: fewer = [] } = await setCluster(json, { regenerate: true, dry_run: true });
    expect(fewer).not.toContainEqual(pipeline);
  });
});
