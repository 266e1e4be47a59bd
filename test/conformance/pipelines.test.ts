import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Pachd, type RepoName, commitOf, expectFault, pfs, pps, uniqueName } from "./pachd.ts";
import { COPY, type PipelineName, Pipelines, SOON, counts } from "./pipeline-calls.ts";

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

describe("a new pipeline", () => {
  let created: PipelineName;
  let sent: string;
  beforeAll(async () => {
    const spec = pipelines.spec(input, COPY, { description: "copies" });
    sent = JSON.stringify(spec);
    await pipelines.create(spec);
    created = spec.pipeline;
  });

  test.each([
    ["user", "Output repo for pipeline PROJECT/NAME."],
    ["spec", "Spec repo for pipeline PROJECT/NAME."],
    ["meta", "Meta repo for pipeline NAME"],
  ])("has a repo of its name and of type %s", async (type, text) => {
    const info = await pachd.call(pfs.InspectRepo, { repo: pipelines.repo(created, type) });
    expect(info.description).toBe(text.replace("PROJECT", pachd.project).replace("NAME", created.name));
  });

  test("makes one commit set: of its spec, by the user, and of its output and meta repos", async () => {
    const { spec_commit: spec } = await pipelines.inspect(created);
    const infos = await pachd.collect(pfs.InspectCommitSet, { commit_set: { id: spec?.id ?? "" } });
    const own = infos.filter(({ commit }) => commit?.id === spec?.id);
    expect(Object.fromEntries(own.map(({ commit, origin }) => [commit?.repo?.type, origin?.kind]))).toEqual({
      spec: "USER",
      user: "AUTO",
      meta: "AUTO",
    });
  });

  test("has a spec commit without files", async () => {
    const { spec_commit } = await pipelines.inspect(created);
    expect(await pachd.collect(pfs.ListFile, { file: { commit: { ...spec_commit, branch: null }, path: "/" } })).toEqual([]);
  });

  test.each(["user", "meta"])("has a %s branch that comes from its input and its spec", async (type) => {
    const info = await pipelines.branch(pipelines.repo(created, type));
    const upstream = info.direct_provenance?.map(({ repo, name }) => `${repo?.name}.${repo?.type}@${name}`);
    expect(new Set(upstream)).toEqual(new Set([`${created.name}.spec@master`, `${input.name}.user@master`]));
  });

  test("works at once on what is there", async () => {
    const job = await pipelines.newest(created);
    expect(job).toMatchObject({ state: "JOB_SUCCESS" });
    expect(counts(job)).toEqual([2, 2, 0, 0]);
    expect(await pachd.read(pipelines.repo(created), "/a")).toBe("1");
  });

  test("is described by its info", async () => {
    await pipelines.newest(created);
    const info = await pipelines.inspect(created);
    expect(info).toMatchObject({
      pipeline: created,
      version: "1",
      spec_commit: { repo: { name: created.name, type: "spec" }, branch: { name: "master" } },
      state: "PIPELINE_RUNNING",
      last_job_state: "JOB_SUCCESS",
      parallelism: "1",
      type: "PIPELINE_TYPE_TRANSFORM",
    });
    expect([info.stopped ?? false, info.reason ?? "", info.auth_token ?? ""]).toEqual([false, "", ""]);
  });

  test("has details with what was filled in", async () => {
    const { details } = await pipelines.inspect(created);
    expect(details).toMatchObject({
      transform: { image: "ubuntu:20.04", cmd: ["sh"], stdin: [COPY] },
      output_branch: "master",
      description: "copies",
      salt: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      datum_tries: "1",
      reprocess_spec: "until_success",
      workers_requested: "1",
      input: { pfs: { project: pachd.project, name: "in", repo: input.name, repo_type: "user", branch: "master", glob: "/*" } },
    });
    expect(details?.created_at).toEqual(details?.updated_at);
  });

  test("keeps the spec as it was sent, and as it is with the defaults", async () => {
    const { user_spec_json, effective_spec_json = "" } = await pipelines.inspect(created);
    expect(user_spec_json).toBe(sent);
    expect(JSON.parse(effective_spec_json)).toMatchObject({
      outputBranch: "master",
      reprocessSpec: "until_success",
      transform: { image: "ubuntu:20.04" },
    });
  });

  test("shows no details unless they are asked for", async () => {
    expect((await pipelines.inspect(created, false)).details).toBeUndefined();
  });

  test("has its output branch where the spec says", async () => {
    const other = await pipelines.new(input, COPY, { output_branch: "other" });
    expect(await pipelines.newest(other)).toMatchObject({ output_commit: { branch: { name: "other" } } });
    expect(await pachd.read(pipelines.repo(other), "/b", "other")).toBe("2");
  });

  test("makes an input branch that is not there, with an empty commit", async () => {
    const pfsInput = { project: pachd.project, repo: input.name, branch: uniqueName("new"), name: "in", glob: "/*" };
    const pipeline = await pipelines.new(input, COPY, { input: { pfs: pfsInput } });
    expect(counts(await pipelines.newest(pipeline))).toEqual([0, 0, 0, 0]);
    const info = await pachd.call(pfs.InspectCommit, { commit: commitOf(input, pfsInput.branch), wait: "FINISHED" });
    expect(info.origin?.kind).toBe("AUTO");
  });

  test("can be created by a typed request", async () => {
    const pipeline = { name: uniqueName("typed"), project: { name: pachd.project } };
    const transform = { cmd: ["sh"], stdin: [COPY] };
    const pfsInput = { project: pachd.project, repo: input.name, name: "in", glob: "/" };
    await pachd.call(pps.CreatePipeline, { pipeline, transform, input: { pfs: pfsInput } });
    expect(counts(await pipelines.newest(pipeline))).toEqual([1, 1, 0, 0]);
  });

  test("without an input is accepted", async () => {
    const { input: _, ...spec } = pipelines.spec(input, "true");
    await pipelines.create(spec);
    const info = await pipelines.inspect(spec.pipeline);
    expect(["PIPELINE_STARTING", "PIPELINE_RUNNING"]).toContain(info.state);
    expect(info.details?.input ?? undefined).toBeUndefined();
  });

  test.each([
    ["transform", {}],
    ["command", { transform: {} }],
  ])("without a %s is accepted, cannot run, and has its jobs killed", async (_, rest) => {
    const { transform: _transform, ...spec } = pipelines.spec(input, "");
    await pipelines.create({ ...spec, ...rest });
    await expect
      .poll(() => pipelines.inspect(spec.pipeline), SOON)
      .toMatchObject({ state: "PIPELINE_FAILURE", reason: "nothing to run: no transform.cmd" });
    expect(await pipelines.newest(spec.pipeline)).toMatchObject({ state: "JOB_KILLED", reason: "job stopped" });
  });
});

describe("a spec is refused", () => {
  test.each<[string, (spec: { pipeline: PipelineName }) => object, Parameters<typeof expectFault>[1], string]>([
    [
      "whose input repo is missing",
      (spec) => ({ ...spec, input: { pfs: { repo: "no", glob: "/*" } } }),
      "NOT_FOUND",
      "/no not found",
    ],
    ["without a glob", (spec) => ({ ...spec, input: { pfs: { repo: "no" } } }), "UNKNOWN", "input must specify a glob"],
    ["without a pipeline", (spec) => ({ ...spec, pipeline: undefined }), "UNKNOWN", "request.Pipeline cannot be nil"],
    ["with an unknown field", (spec) => ({ ...spec, inputt: {} }), "INVALID_ARGUMENT", '"inputt"'],
    ["with a field of a wrong type", (spec) => ({ ...spec, description: 5 }), "INVALID_ARGUMENT", ""],
    [
      "whose name has other characters",
      (spec) => ({ ...spec, pipeline: { ...spec.pipeline, name: "bad name" } }),
      "UNKNOWN",
      "invalid pipeline name: name (bad name) invalid: only alphanumeric characters, underscores, and dashes are allowed",
    ],
    [
      "whose name is too long",
      (spec) => ({ ...spec, pipeline: { ...spec.pipeline, name: "a".repeat(76) } }),
      "UNKNOWN",
      `pipeline name "${"a".repeat(76)}" is 25 characters longer than the 51 max`,
    ],
    [
      "whose name is too long for Kubernetes together with its project's",
      (spec) => ({ ...spec, pipeline: { ...spec.pipeline, name: "A_".repeat(25) } }),
      "UNKNOWN",
      `Kubernetes name "`,
    ],
  ])("%s", async (_, change, code, text) => {
    await expectFault(pipelines.create(change(pipelines.spec(input, "true"))), code, text);
  });

  test("that is no JSON", async () => {
    await expectFault(pachd.call(pps.CreatePipelineV2, { create_pipeline_request_json: "{" }), "INVALID_ARGUMENT");
  });

  test("whose name is that of a repo", async () => {
    const spec = { ...pipelines.spec(input, "true"), pipeline: { name: input.name, project: input.project } };
    const text = `pipeline "${input.name}" cannot be created because a repo with the same name already exists`;
    await expectFault(pipelines.create(spec), "UNKNOWN", text);
  });

  test("whose pipeline is there already", async () => {
    const spec = pipelines.spec(input, "true");
    await pipelines.create(spec);
    await expectFault(
      pipelines.create(spec),
      "ALREADY_EXISTS",
      `pipeline "${pachd.project}/${spec.pipeline.name}" already exists`,
    );
  });

  test("and leaves nothing behind", async () => {
    const spec = pipelines.spec(input, "true", { input: { pfs: { project: pachd.project, repo: "no", glob: "/*" } } });
    await expectFault(pipelines.create(spec), "NOT_FOUND", `repo ${pachd.project}/no not found`);
    expect(await pipelines.hasRepo(pipelines.repo(spec.pipeline))).toBe(false);
  });
});

describe("a dry run", () => {
  test("answers the effective spec, with lowerCamel names, and makes nothing", async () => {
    const spec = pipelines.spec(input, "true", { datum_tries: 5 });
    expect(await pipelines.create(spec, { dry_run: true })).toMatchObject({
      pipeline: spec.pipeline,
      datumTries: "5",
      outputBranch: "master",
      reprocessSpec: "until_success",
      transform: { cmd: ["sh"], image: "ubuntu:20.04" },
    });
    expect(await pipelines.hasRepo(pipelines.repo(spec.pipeline))).toBe(false);
  });

  test("checks no repos", async () => {
    const spec = pipelines.spec(input, "true", { input: { pfs: { repo: "no", glob: "/*" } } });
    expect(await pipelines.create(spec, { dry_run: true })).toMatchObject({ input: { pfs: { repo: "no" } } });
  });

  test("takes a default away where the user says null", async () => {
    const effective = await pipelines.create(pipelines.spec(input, "true", { datum_tries: null }), { dry_run: true });
    expect(effective).not.toHaveProperty("datumTries");
  });

  test("takes fields by either of their names", async () => {
    const spec = pipelines.spec(input, "true", { reprocessSpec: "every_job", resource_limits: { memory: "1G" } });
    const effective = await pipelines.create(spec, { dry_run: true });
    expect(effective).toMatchObject({ reprocessSpec: "every_job", resourceLimits: { memory: "1G" } });
  });
});

describe("an input", () => {
  test("with a trigger has a branch of its own, and a job when the trigger fires", async () => {
    const repo = await pachd.newRepo();
    await pachd.put(repo, { "/1": "1" });
    const trigger = { commits: 2, branch: "master" };
    const pfsInput = { project: pachd.project, repo: repo.name, name: "in", glob: "/*", trigger };
    const pipeline = await pipelines.new(repo, COPY, { input: { pfs: pfsInput } });
    const { details } = await pipelines.inspect(pipeline);
    expect(details?.input?.pfs?.branch).toBe(`${pipeline.name}-trigger-1`);
    expect((await pipelines.branch(repo, `${pipeline.name}-trigger-1`)).trigger).toMatchObject({
      branch: "master",
      commits: "2",
    });
    await pipelines.newest(pipeline);
    for (const path of ["/2", "/3", "/4"]) await pachd.put(repo, { [path]: path });
    await expect.poll(async () => counts(await pipelines.newest(pipeline))[0], SOON).toBeGreaterThan(0);
  });

  test("that never propagates starts no job, and is read by the next one", async () => {
    const quiet = await pachd.newRepo();
    await pachd.put(quiet, { "/q": "1" });
    const loud = await pachd.newRepo();
    await pachd.put(loud, { "/l": "1" });
    const from = (repo: RepoName, more: object = {}) => ({
      pfs: { project: pachd.project, repo: repo.name, name: repo.name, glob: "/", ...more },
    });
    const cross = [from(quiet, { propagation_spec: { never: true } }), from(loud)];
    const pipeline = await pipelines.new(loud, `cat /pfs/${quiet.name}/q > /pfs/out/q`, { input: { cross } });
    await pipelines.newest(pipeline);
    const silent = await pachd.put(quiet, { "/q": "2" });
    const told = await pachd.put(loud, { "/l": "2" });
    const jobs = await pipelines.jobs(pipeline);
    expect(jobs.map(({ job }) => job?.id)).toContain(told);
    expect(jobs.map(({ job }) => job?.id)).not.toContain(silent);
    await pipelines.newest(pipeline);
    expect(await pachd.read(pipelines.repo(pipeline), "/q")).toBe("2");
  });
});
