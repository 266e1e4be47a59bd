import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JobInfo__Output as JobInfo } from "../../src/pachyderm/generated/pps_v2/JobInfo.ts";
import type { ListJobRequest } from "../../src/pachyderm/generated/pps_v2/ListJobRequest.ts";
import { Pachd, type RepoName, expectFault, pfs, pps, uniqueName } from "./pachd.ts";
import { COPY, type PipelineName, Pipelines } from "./pipeline-calls.ts";

let pachd: Pachd;
let pipelines: Pipelines;
beforeAll(async () => {
  pachd = await Pachd.connect();
  pipelines = new Pipelines(pachd);
});
afterAll(() => pachd.close());

function ids(jobs: readonly JobInfo[]): (string | undefined)[] {
  return jobs.map(({ job }) => job?.id);
}

/** The names of their pipelines, in alphabetical order. */
function pipelinesOf(jobs: readonly JobInfo[]): string[] {
  return jobs.map(({ job }) => job?.pipeline?.name ?? "").sort((a, b) => (a < b ? -1 : 1));
}

function placeOf(name: string, jobs: readonly JobInfo[]): number {
  return jobs.findIndex(({ job }) => job?.pipeline?.name === name);
}

async function list(request: ListJobRequest): Promise<JobInfo[]> {
  return pachd.collect(pps.ListJob, request);
}

describe("lists of jobs", () => {
  /** in → up → down, and in → aside; three commits, one job each. */
  let project: { name: string };
  let repo: RepoName;
  let up: PipelineName;
  let down: PipelineName;
  let aside: PipelineName;
  let commits: string[];
  beforeAll(async () => {
    project = { name: uniqueName("jobs") };
    await pachd.call(pfs.CreateProject, { project });
    repo = await pachd.newRepo();
    const create = async (name: string, from: RepoName): Promise<PipelineName> => {
      const spec = pipelines.spec(from, COPY, { pipeline: { name, project } });
      await pipelines.create(spec);
      return spec.pipeline;
    };
    up = await create("up", repo);
    down = await create("down", pipelines.repo(up));
    aside = await create("aside", repo);
    for (const pipeline of [up, down, aside]) await pipelines.newest(pipeline);
    commits = [];
    for (const path of ["/1", "/2", "/3"]) commits.push(await pachd.put(repo, { [path]: path }));
    for (const pipeline of [up, down, aside]) await pipelines.newest(pipeline);
  });
  afterAll(async () => {
    await pachd.call(pps.DeletePipelines, { projects: [project] });
    await pachd.call(pfs.DeleteProject, { project });
  });

  test("are newest first, or with reverse oldest first", async () => {
    const jobs = ids(await list({ pipeline: up }));
    expect(jobs.slice(0, 3)).toEqual(commits.toReversed());
    expect(ids(await list({ pipeline: up, reverse: true }))).toEqual(jobs.toReversed());
  });

  test("have as many as are asked for, of those that are asked for", async () => {
    expect(ids(await list({ pipeline: down, number: "2" }))).toEqual(commits.slice(1).toReversed());
    expect(await list({ projects: [project], number: "7" })).toHaveLength(7);
  });

  test("go on after a marker, the time at which a job was created", async () => {
    const all = await list({ pipeline: aside });
    const paginationMarker = all[1]?.created ?? null;
    expect(ids(await list({ pipeline: aside, paginationMarker }))).toEqual(ids(all.slice(2)));
    expect(ids(await list({ pipeline: aside, paginationMarker, reverse: true }))).toEqual(ids(all.slice(0, 1)));
    expect(ids(await list({ pipeline: aside, paginationMarker, number: "1" }))).toEqual(ids(all.slice(2, 3)));
  });

  test("can be read page by page without a gap, also where jobs were created together", async () => {
    const seen: (string | undefined)[] = [];
    let paginationMarker: JobInfo["created"] | null = null;
    for (;;) {
      const page: JobInfo[] = await list({ projects: [project], number: "2", paginationMarker });
      if (page.length === 0) break;
      seen.push(...page.map(({ job }) => `${job?.pipeline?.name}@${job?.id}`));
      paginationMarker = page.at(-1)?.created ?? null;
    }
    const all = await list({ projects: [project] });
    expect(seen).toEqual(all.map(({ job }) => `${job?.pipeline?.name}@${job?.id}`));
  });

  test("are of the projects that are asked for", async () => {
    expect(new Set(pipelinesOf(await list({ projects: [project] })))).toEqual(new Set(["up", "down", "aside"]));
    expect(await list({ projects: [{ name: uniqueName("no") }] })).toEqual([]);
  });

  test("have details when they are asked for", async () => {
    expect((await list({ pipeline: up, number: "1" }))[0]?.details).toBeUndefined();
    const [job] = await list({ pipeline: up, number: "1", details: true });
    expect(job?.details?.input?.pfs).toMatchObject({ commit: commits[2], glob: "/*" });
  });

  test("can be of the jobs that came from a commit", async () => {
    const input_commit = [{ repo, id: commits[1] ?? "" }];
    expect(ids(await list({ pipeline: up, input_commit }))).toEqual([commits[1]]);
    const jobs = await list({ projects: [project], input_commit });
    expect(pipelinesOf(jobs)).toEqual(["aside", "down", "up"]);
    expect(await list({ pipeline: up, input_commit: [...input_commit, { repo, id: commits[2] ?? "" }] })).toEqual([]);
  });

  test("have the jobs of older versions when history is asked for", async () => {
    const spec = pipelines.spec(repo, COPY);
    await pipelines.create(spec);
    const { job: old } = await pipelines.newest(spec.pipeline);
    await pipelines.create(spec, { update: true });
    const { job: current } = await pipelines.newest(spec.pipeline);
    expect(ids(await pipelines.jobs(spec.pipeline))).toEqual([current?.id]);
    for (const history of ["1", "-1"])
      expect(ids(await pipelines.jobs(spec.pipeline, { history }))).toEqual([current?.id, old?.id]);
  });

  test("of a pipeline that is missing are NOT_FOUND", async () => {
    const pipeline = { name: "missing", project };
    await expectFault(list({ pipeline }), "NOT_FOUND", `pipeline "${project.name}/missing" not found`);
  });

  test("by set have each set once, with its jobs upstream first", async () => {
    const sets = await pachd.collect(pps.ListJobSet, { projects: [project] });
    expect(sets.slice(0, 3).map(({ job_set }) => job_set?.id)).toEqual(commits.toReversed());
    const jobs = sets[0]?.jobs ?? [];
    expect(pipelinesOf(jobs)).toEqual(["aside", "down", "up"]);
    expect(placeOf("up", jobs)).toBeLessThan(placeOf("down", jobs));
    const two = await pachd.collect(pps.ListJobSet, { projects: [project], number: "2" });
    expect(two.map(({ job_set }) => job_set?.id)).toEqual(commits.slice(1).toReversed());
  });

  test("of one set are upstream first, and without details unless they are asked for", async () => {
    const jobs = await pachd.collect(pps.InspectJobSet, { job_set: { id: commits[0] ?? "" }, wait: true });
    expect(pipelinesOf(jobs)).toEqual(["aside", "down", "up"]);
    expect(placeOf("up", jobs)).toBeLessThan(placeOf("down", jobs));
    expect(jobs.every(({ state, details }) => state === "JOB_SUCCESS" && details === undefined)).toBe(true);
    const [job] = await pachd.collect(pps.InspectJobSet, { job_set: { id: commits[0] ?? "" }, details: true });
    expect(job?.details?.transform).toMatchObject({ cmd: ["sh"] });
  });
});

describe("a subscription to jobs", () => {
  test("has those that have not ended, and then each new one, once", async () => {
    const repo = await pachd.newRepo();
    const pipeline = await pipelines.new(repo, COPY);
    const { job: ended } = await pipelines.newest(pipeline);
    const start = async (): Promise<string> => (await pachd.call(pfs.StartCommit, { branch: { repo, name: "master" } })).id ?? "";
    const first = await start();
    const seen = pachd.collect(pps.SubscribeJob, { pipeline, details: true }, 2);
    await pachd.call(pfs.FinishCommit, { commit: { repo, id: first } });
    await pipelines.ended(pipeline, first);
    const second = await start();
    const jobs = await seen;
    expect(ids(jobs)).toEqual([first, second]);
    expect(ids(jobs)).not.toContain(ended?.id);
    expect(jobs[1]?.details?.transform).toMatchObject({ cmd: ["sh"] });
  });
});
