import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Pachd, type RepoName, expectFault, metadata, pfs, pps, uniqueName } from "./pachd.ts";
import { COPY, type PipelineName, Pipelines, counts } from "./pipeline-calls.ts";

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

describe("an update", () => {
  test("makes a new version and a new job, which skips what is done", async () => {
    const spec = pipelines.spec(input, COPY);
    await pipelines.create(spec);
    await pipelines.newest(spec.pipeline);
    const before = await pipelines.inspect(spec.pipeline);
    await pipelines.create({ ...spec, description: "new" }, { update: true });
    const job = await pipelines.newest(spec.pipeline);
    expect(job).toMatchObject({ pipeline_version: "2", state: "JOB_SUCCESS" });
    expect(counts(job)).toEqual([2, 0, 2, 0]);
    const after = await pipelines.inspect(spec.pipeline);
    expect(after).toMatchObject({ version: "2", details: { description: "new", salt: before.details?.salt ?? "" } });
    expect(after.spec_commit?.id).not.toBe(before.spec_commit?.id);
    expect(after.details?.created_at).toEqual(before.details?.created_at);
    expect(after.details?.updated_at).not.toEqual(before.details?.updated_at);
  });

  test("that reprocesses works on everything again, with another salt", async () => {
    const spec = pipelines.spec(input, COPY);
    await pipelines.create(spec);
    await pipelines.newest(spec.pipeline);
    const { details } = await pipelines.inspect(spec.pipeline);
    await pipelines.create(spec, { update: true, reprocess: true });
    expect(counts(await pipelines.newest(spec.pipeline))).toEqual([2, 2, 0, 0]);
    expect((await pipelines.inspect(spec.pipeline)).details?.salt).not.toBe(details?.salt);
  });

  test("kills the job under way, with that reason", async () => {
    const spec = pipelines.spec(input, "sleep 1000");
    await pipelines.create(spec);
    const [job] = await pipelines.jobs(spec.pipeline);
    await pipelines.create({ ...spec, transform: { cmd: ["true"] } }, { update: true });
    expect(await pipelines.ended(spec.pipeline, job?.job?.id ?? "")).toMatchObject({
      state: "JOB_KILLED",
      reason: expect.stringMatching(/^all jobs killed because pipeline was updated/) as string,
    });
    expect(await pipelines.newest(spec.pipeline)).toMatchObject({ state: "JOB_SUCCESS" });
  });

  test("loses the pipeline's metadata", async () => {
    const spec = pipelines.spec(input, COPY);
    await pipelines.create(spec);
    const target = { name: { project: { name: pachd.project }, name: spec.pipeline.name } };
    await pachd.call(metadata.EditMetadata, { edits: [{ pipeline: target, add_key: { key: "k", value: "v" } }] });
    expect((await pipelines.inspect(spec.pipeline)).metadata).toEqual({ k: "v" });
    await pipelines.create(spec, { update: true });
    expect((await pipelines.inspect(spec.pipeline)).metadata ?? {}).toEqual({});
  });

  test("gives an output branch that was moved by hand its provenance back", async () => {
    const repo = await pachd.newRepo();
    await pachd.put(repo, { "/x": "1" });
    const spec = pipelines.spec(repo, COPY);
    await pipelines.create(spec);
    const first = await pipelines.newest(spec.pipeline);
    await pachd.put(repo, { "/y": "2" });
    await pipelines.newest(spec.pipeline);
    const output = pipelines.repo(spec.pipeline);
    await pachd.call(pfs.CreateBranch, {
      branch: { repo: output, name: "master" },
      head: { repo: output, id: first.job?.id ?? "" },
    });
    expect((await pipelines.branch(output)).direct_provenance ?? []).toEqual([]);
    await pachd.put(repo, { "/z": "3" });
    expect((await pipelines.branch(output)).head?.id).toBe(first.job?.id);
    await pipelines.create(spec, { update: true });
    expect((await pipelines.branch(output)).direct_provenance).toHaveLength(2);
  });
});

describe("an earlier version", () => {
  let pipeline: PipelineName;
  let made: string[];
  beforeAll(async () => {
    const repo = await pachd.newRepo();
    const spec = pipelines.spec(repo, COPY, { description: "one" });
    await pipelines.create(spec);
    made = [await pachd.put(repo, { "/1": "1" })];
    await pipelines.create({ ...spec, description: "two" }, { update: true });
    made.push(await pachd.put(repo, { "/2": "2" }));
    pipeline = spec.pipeline;
  });

  test("is found by ancestry", async () => {
    const info = await pipelines.inspect({ ...pipeline, name: `${pipeline.name}^1` });
    expect(info).toMatchObject({ version: "1", details: { description: "one" } });
  });

  test("before the first is refused", async () => {
    await expectFault(pipelines.inspect({ ...pipeline, name: `${pipeline.name}^5` }), "UNKNOWN", "only 2 versions");
  });

  test("is listed when history is asked for, newest first", async () => {
    const infos = await pachd.collect(pps.ListPipeline, { pipeline, history: "-1" });
    expect(infos.map(({ version }) => version)).toEqual(["2", "1"]);
    expect(await pachd.collect(pps.ListPipeline, { pipeline, history: "1" })).toHaveLength(2);
    expect(await pachd.collect(pps.ListPipeline, { pipeline })).toHaveLength(1);
  });

  test("is what a commit set was made with", async () => {
    for (const [index, id] of made.entries()) {
      const infos = await pachd.collect(pps.ListPipeline, { pipeline, commit_set: { id } });
      expect(infos).toMatchObject([{ version: String(index + 1) }]);
    }
  });
});

describe("a list of pipelines", () => {
  test("is of the projects that are asked for, newest version first, with details", async () => {
    const project = { name: uniqueName("proj") };
    await pachd.call(pfs.CreateProject, { project });
    const specs = ["one", "two", "three"].map((name) => pipelines.spec(input, "true", { pipeline: { name, project } }));
    for (const spec of specs) await pipelines.create(spec);
    const list = async (more = {}): Promise<unknown[]> => {
      const infos = await pachd.collect(pps.ListPipeline, { projects: [project], ...more });
      expect(infos.every(({ details }) => details?.salt !== undefined)).toBe(true);
      return infos.map(({ pipeline }) => pipeline?.name);
    };
    expect(await list()).toEqual(["three", "two", "one"]);
    expect(await list({ page: { page_size: "2", page_index: "1" } })).toEqual(["one"]);
    await pipelines.create(specs[0] ?? {}, { update: true });
    expect(await list()).toEqual(["one", "three", "two"]);
    await pachd.call(pps.DeletePipelines, { projects: [project] });
    await pachd.call(pfs.DeleteProject, { project });
  });

  test("of one that is missing is NOT_FOUND", async () => {
    const pipeline = { name: uniqueName("no"), project: { name: pachd.project } };
    const text = `pipeline "${pachd.project}/${pipeline.name}" not found`;
    await expectFault(pachd.collect(pps.ListPipeline, { pipeline }), "NOT_FOUND", text);
  });
});

describe("a rerun", () => {
  test("is a new version of the same spec; what is done is skipped, unless it reprocesses", async () => {
    const pipeline = await pipelines.new(input, COPY);
    await pipelines.newest(pipeline);
    const before = await pipelines.inspect(pipeline);
    await pachd.call(pps.RerunPipeline, { pipeline });
    expect(counts(await pipelines.newest(pipeline))).toEqual([2, 0, 2, 0]);
    const { user_spec_json = "", effective_spec_json = "" } = before;
    expect(await pipelines.inspect(pipeline)).toMatchObject({ version: "2", user_spec_json, effective_spec_json });
    await pachd.call(pps.RerunPipeline, { pipeline, reprocess: true });
    expect(counts(await pipelines.newest(pipeline))).toEqual([2, 2, 0, 0]);
  });
});
