import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { datumId, loadHasher } from "../../src/engine/store/file-hash.ts";
import type { CommitInfo__Output as CommitInfo } from "../../src/pachyderm/generated/pfs_v2/CommitInfo.ts";
import type { DatumInfo__Output as DatumInfo } from "../../src/pachyderm/generated/pps_v2/DatumInfo.ts";
import type { JobInfo__Output as JobInfo } from "../../src/pachyderm/generated/pps_v2/JobInfo.ts";
import type { ListDatumRequest } from "../../src/pachyderm/generated/pps_v2/ListDatumRequest.ts";
import { Pachd, type RepoName, commitOf, expectFault, pfs, pps, uniqueName } from "./pachd.ts";

/** Copies each file. One that says "fail" fails, and one that says "mend" fails and is recovered. */
const COPY = 'for f in /pfs/in/*; do grep -qE "fail|mend" $f && exit 1; cp $f /pfs/out/; done; exit 0';
const MEND = "grep -q mend /pfs/in/*";

let pachd: Pachd;
beforeAll(async () => {
  await loadHasher();
  pachd = await Pachd.connect();
});
afterAll(() => pachd.close());

interface Pipeline {
  readonly name: string;
  readonly input: RepoName;
  readonly output: RepoName;
}

/** A repo with files, and a pipeline that has worked on them. */
async function newPipeline(files: Record<string, string>, options: object = {}): Promise<Pipeline> {
  const input = await pachd.newRepo();
  await pachd.put(input, files);
  const name = uniqueName("p");
  const pipeline = { name, input, output: { ...input, name } };
  await submit(pipeline, options);
  return pipeline;
}

async function submit({ name, input }: Pipeline, options: object, update = false, reprocess = false): Promise<void> {
  const spec = {
    pipeline: { name, project: { name: pachd.project } },
    transform: { cmd: ["sh"], stdin: [COPY], err_cmd: ["sh"], err_stdin: [MEND] },
    input: { pfs: { project: pachd.project, repo: input.name, name: "in", glob: "/*" } },
    datum_tries: 1,
    ...options,
  };
  await pachd.call(pps.CreatePipelineV2, { create_pipeline_request_json: JSON.stringify(spec), update, reprocess });
}

/** The pipeline's newest job, when it has ended. */
async function lastJob({ name }: Pipeline): Promise<JobInfo> {
  const pipeline = { name, project: { name: pachd.project } };
  const [newest] = await pachd.collect(pps.ListJob, { pipeline }, 1);
  return pachd.call(pps.InspectJob, { job: newest?.job ?? null, wait: true });
}

/** Puts files and answers the job that works on them, when it has ended. */
async function put(pipeline: Pipeline, files: Record<string, string>): Promise<JobInfo> {
  await pachd.put(pipeline.input, files);
  return lastJob(pipeline);
}

async function remove({ input }: Pipeline, path: string): Promise<void> {
  const set_commit = { repo: input, branch: { repo: input, name: "master" } };
  await pachd.send(pfs.ModifyFile, [{ set_commit }, { delete_file: { path } }]);
  await pachd.call(pfs.InspectCommit, { commit: set_commit, wait: "FINISHED" });
}

function list(job: JobInfo, options: ListDatumRequest = {}): Promise<DatumInfo[]> {
  return pachd.collect(pps.ListDatum, { job: job.job ?? null, ...options });
}

async function ids(job: JobInfo, options: ListDatumRequest = {}): Promise<string[]> {
  return (await list(job, options)).map(({ datum }) => datum?.id ?? "");
}

/** The state of each datum by its file. */
async function states(job: JobInfo, options: ListDatumRequest = {}): Promise<Record<string, string>> {
  return Object.fromEntries((await list(job, options)).map(({ data, state }) => [data?.[0]?.file?.path ?? "", String(state)]));
}

/** How many datums a job has worked on, skipped, not managed, and recovered; and of how many. */
function counts(job: JobInfo): number[] {
  return [job.data_processed, job.data_skipped, job.data_failed, job.data_recovered, job.data_total].map((count) =>
    Number(count ?? 0),
  );
}

/** The files of the head of a pipeline's output, with their texts. */
async function outputs({ output }: Pipeline): Promise<Record<string, string>> {
  const infos = await pachd.collect(pfs.ListFile, { file: { commit: commitOf(output), path: "/" } });
  const paths = infos.map(({ file }) => file?.path ?? "");
  const texts = await Promise.all(paths.map(async (path) => [path, await pachd.read(output, path)]));
  return Object.fromEntries(texts) as Record<string, string>;
}

async function outputHead({ output }: Pipeline): Promise<CommitInfo> {
  return pachd.call(pfs.InspectCommit, { commit: commitOf(output), wait: "FINISHED" });
}

function idOf({ input }: Pipeline, path: string): string {
  return datumId([{ name: "in", repo: input.name, branch: "master", path }]);
}

describe("a job's datums", () => {
  let pipeline: Pipeline;
  let job: JobInfo;
  beforeAll(async () => {
    pipeline = await newPipeline({ "/a": "a", "/b": "bb", "/c": "fail", "/d": "mend" });
    job = await lastJob(pipeline);
  });

  test("are listed in the order of their ids", async () => {
    const all = await ids(job);
    expect(all).toEqual(all.toSorted());
    expect(all).toHaveLength(4);
  });

  test("have ids that depend on the names of input, repo, branch and path alone", async () => {
    expect(await ids(job)).toEqual(["/a", "/b", "/c", "/d"].map((path) => idOf(pipeline, path)).sort());
  });

  test("have their states: done, failed, or recovered by the error handler", async () => {
    expect(await states(job)).toEqual({ "/a": "SUCCESS", "/b": "SUCCESS", "/c": "FAILED", "/d": "RECOVERED" });
  });

  test("are counted by their states, and one that failed fails the job", () => {
    expect(counts(job)).toEqual([2, 0, 1, 1, 4]);
    expect(job).toMatchObject({ state: "JOB_FAILURE", reason: `datum ${idOf(pipeline, "/c")} failed` });
  });

  test("say which job it is, what they read and how much", async () => {
    const found = (await list(job)).find(({ datum }) => datum?.id === idOf(pipeline, "/b"));
    const { commit } = await pachd.call(pfs.InspectCommit, { commit: commitOf(pipeline.input) });
    expect(found?.datum?.job).toEqual(job.job);
    expect(found?.stats).toMatchObject({ download_bytes: "2", upload_bytes: "2" });
    expect(found?.data).toHaveLength(1);
    expect(found?.data?.[0]).toMatchObject({
      file: { path: "/b", datum: "default", commit: { id: commit?.id, repo: { name: pipeline.input.name } } },
      file_type: "FILE",
      size_bytes: "2",
    });
    expect(found?.data?.[0]?.committed).toBeTruthy();
  });

  test("can be listed by state", async () => {
    expect(await states(job, { filter: { state: ["FAILED"] } })).toEqual({ "/c": "FAILED" });
    expect(Object.keys(await states(job, { filter: { state: ["SUCCESS", "RECOVERED"] } })).sort()).toEqual(["/a", "/b", "/d"]);
    expect(await states(job, { filter: { state: ["SKIPPED"] } })).toEqual({});
  });

  test("can be listed in parts, each from the last one's end on", async () => {
    const all = await ids(job);
    expect(await ids(job, { number: 3 })).toEqual(all.slice(0, 3));
    expect(await ids(job, { number: 3, paginationMarker: all[2] ?? "" })).toEqual(all.slice(3));
    expect(await ids(job, { number: 2, reverse: true })).toEqual([all[3], all[2]]);
    expect(await ids(job, { number: 9, reverse: true, paginationMarker: all[2] ?? "" })).toEqual([all[1], all[0]]);
    expect(await ids(job, { number: 1, filter: { state: ["FAILED"] } })).toEqual([idOf(pipeline, "/c")]);
  });

  test("are not listed backwards without a number", async () => {
    await expectFault(list(job, { reverse: true }), "UNKNOWN", "number must be > 0 when reverse is set");
  });

  test("of a job that is not there are NOT_FOUND", async () => {
    const id = "0".repeat(12) + "4" + "0".repeat(19);
    const gone = { pipeline: { name: pipeline.name, project: { name: pachd.project } }, id };
    await expectFault(list({ job: gone }), "NOT_FOUND", `jobs ${pachd.project}/${pipeline.name}@${id} not found`);
  });

  test("can be inspected one by one, which also says where the meta repo has it", async () => {
    const id = idOf(pipeline, "/a");
    const info = await pachd.call(pps.InspectDatum, { datum: { job: job.job ?? null, id } });
    expect(info).toMatchObject({ datum: { id }, state: "SUCCESS", data: [{ file: { path: "/a" } }] });
    expect(info.pfs_state).toMatchObject({
      path: `/pfs/${id}`,
      commit: { repo: { name: pipeline.name, type: "meta" }, id: job.job?.id },
    });
  });

  test("are UNKNOWN where the job has no such datum", async () => {
    const id = "f".repeat(64);
    const call = pachd.call(pps.InspectDatum, { datum: { job: job.job ?? null, id } });
    await expectFault(call, "UNKNOWN", `datum ${id} not found in job`);
  });

  test("are not inspected without an id, or a job", async () => {
    await expectFault(pachd.call(pps.InspectDatum, { datum: { job: job.job ?? null } }), "UNKNOWN", "must specify a datum");
    await expectFault(pachd.call(pps.InspectDatum, { datum: { id: "x" } }), "UNKNOWN", "must specify a job");
  });

  test("have the same ids in another pipeline that reads the same", async () => {
    const other = { ...pipeline, name: uniqueName("p") };
    await submit(other, {});
    expect(await ids(await lastJob(other))).toEqual(await ids(job));
  });
});

describe("the next job", () => {
  let pipeline: Pipeline;
  beforeAll(async () => {
    pipeline = await newPipeline({ "/a": "a", "/b": "b", "/c": "c" });
    await lastJob(pipeline);
  });

  test("works on what is new and skips the rest, whose output stays", async () => {
    const job = await put(pipeline, { "/d": "d" });
    expect(counts(job)).toEqual([1, 3, 0, 0, 4]);
    expect(await states(job)).toEqual({ "/a": "SKIPPED", "/b": "SKIPPED", "/c": "SKIPPED", "/d": "SUCCESS" });
    expect(await outputs(pipeline)).toEqual({ "/a": "a", "/b": "b", "/c": "c", "/d": "d" });
  });

  test("shows of a datum that it skips what was read when it was worked on", async () => {
    const [before] = await pachd.collect(pfs.ListCommit, { repo: pipeline.input });
    const job = await put(pipeline, { "/new": "new" });
    const skipped = (await list(job)).find(({ datum }) => datum?.id === idOf(pipeline, "/d"));
    expect(skipped).toMatchObject({ state: "SKIPPED", data: [{ file: { commit: { id: before?.commit?.id } } }] });
  });

  test("skips a file that was written again with the same content", async () => {
    expect(counts(await put(pipeline, { "/a": "a" })).slice(0, 2)).toEqual([0, 5]);
  });

  test("puts the output of a file that was changed in the place of the old one", async () => {
    const job = await put(pipeline, { "/b": "B" });
    expect(counts(job)).toEqual([1, 4, 0, 0, 5]);
    expect((await outputs(pipeline))["/b"]).toBe("B");
  });

  test("removes the output of a file that is gone", async () => {
    await remove(pipeline, "/c");
    expect(counts(await lastJob(pipeline))).toEqual([0, 4, 0, 0, 4]);
    expect(Object.keys(await outputs(pipeline))).toEqual(["/a", "/b", "/d", "/new"]);
  });

  test("skips nothing of a job that failed, but what the one before it had done", async () => {
    const failed = await put(pipeline, { "/e": "fail", "/f": "f" });
    expect(counts(failed)).toEqual([1, 4, 1, 0, 6]);
    expect((await outputHead(pipeline)).error).toBe(failed.reason);
    const job = await put(pipeline, { "/e": "e" });
    expect(counts(job)).toEqual([2, 4, 0, 0, 6]);
    expect(job.state).toBe("JOB_SUCCESS");
  });

  test("tries a datum again that was recovered, and recovered ones have no output", async () => {
    const recovered = await put(pipeline, { "/g": "mend" });
    expect(recovered.state).toBe("JOB_SUCCESS");
    expect(counts(recovered)).toEqual([0, 6, 0, 1, 7]);
    expect(Object.keys(await outputs(pipeline))).not.toContain("/g");
    expect(counts(await put(pipeline, { "/h": "h" }))).toEqual([1, 6, 0, 1, 8]);
  });

  test("skips also where the pipeline was updated", async () => {
    await remove(pipeline, "/g");
    await lastJob(pipeline);
    await submit(pipeline, { description: "newer" }, true);
    expect(counts(await lastJob(pipeline))).toEqual([0, 7, 0, 0, 7]);
  });

  test("skips nothing where the pipeline was updated to reprocess", async () => {
    await submit(pipeline, {}, true, true);
    expect(counts(await lastJob(pipeline))).toEqual([7, 0, 0, 0, 7]);
  });

  test("skips nothing where an input has another name", async () => {
    const input = { pfs: { project: pachd.project, repo: pipeline.input.name, name: "other", glob: "/*" } };
    const transform = { cmd: ["sh"], stdin: ["cp /pfs/other/* /pfs/out/"] };
    await submit(pipeline, { input, transform }, true);
    expect(counts(await lastJob(pipeline))).toEqual([7, 0, 0, 0, 7]);
    expect(Object.keys(await outputs(pipeline))).toHaveLength(7);
  });
});

describe("a pipeline", () => {
  test("with every_job works on every datum in every job", async () => {
    const pipeline = await newPipeline({ "/a": "a", "/b": "b" }, { reprocess_spec: "every_job" });
    await lastJob(pipeline);
    expect(counts(await put(pipeline, { "/c": "c" }))).toEqual([3, 0, 0, 0, 3]);
    expect(await outputs(pipeline)).toEqual({ "/a": "a", "/b": "b", "/c": "c" });
  });

  test("without an input has a job without datums", async () => {
    const pipeline = await newPipeline({ "/a": "a" }, { input: undefined });
    const job = await lastJob(pipeline);
    expect([job.state, ...counts(job)]).toEqual(["JOB_SUCCESS", 0, 0, 0, 0, 0]);
  });

  test("fails where two datums write one path, and says which", async () => {
    const pipeline = await newPipeline(
      { "/a": "a", "/b": "b" },
      { transform: { cmd: ["sh"], stdin: ["cp /pfs/in/* /pfs/out/same"] } },
    );
    const job = await lastJob(pipeline);
    const [first, second] = [idOf(pipeline, "/a"), idOf(pipeline, "/b")].sort();
    const reason = `duplicate path output by different datums (/same from ${first} and /same from ${second})`;
    expect(job).toMatchObject({ state: "JOB_FAILURE", reason });
    expect((await outputHead(pipeline)).error).toBe(reason);
  });

  test("on a cross sees each pair once, with a folder for each input", async () => {
    const pipeline = await newPipeline({ "/a": "a", "/b": "b" });
    const pfsInput = (name: string) => ({ pfs: { project: pachd.project, repo: pipeline.input.name, name, glob: "/*" } });
    const crossed = { ...pipeline, name: uniqueName("cross"), output: { ...pipeline.output } };
    const stdin = ['echo "$(cat /pfs/x/*)$(cat /pfs/y/*)" > /pfs/out/$(basename $x)$(basename $y)'];
    await submit(crossed, { input: { cross: [pfsInput("y"), pfsInput("x")] }, transform: { cmd: ["sh"], stdin } });
    expect(counts(await lastJob(crossed))).toEqual([4, 0, 0, 0, 4]);
    const output = { ...pipeline.input, name: crossed.name };
    expect(await outputs({ ...crossed, output })).toEqual({ "/aa": "aa\n", "/ab": "ab\n", "/ba": "ba\n", "/bb": "bb\n" });
  });

  test("on a group sees all files of a key together", async () => {
    const pipeline = await newPipeline({ "/a-1": "1", "/a-2": "2", "/b-1": "3" });
    const grouped = { ...pipeline, name: uniqueName("group") };
    const input = {
      group: [{ pfs: { project: pachd.project, repo: pipeline.input.name, name: "in", glob: "/(*)-*", group_by: "$1" } }],
    };
    await submit(grouped, { input, transform: { cmd: ["sh"], stdin: ["cd /pfs/in; cat * > /pfs/out/$(ls | head -1)"] } });
    expect(counts(await lastJob(grouped))).toEqual([2, 0, 0, 0, 2]);
    expect(await outputs({ ...grouped, output: { ...pipeline.input, name: grouped.name } })).toEqual({
      "/a-1": "12",
      "/b-1": "3",
    });
  });

  test("on a reference input does not work again when only that changes", async () => {
    const pipeline = await newPipeline({ "/a": "a" });
    const side = await pachd.newRepo("side");
    await pachd.put(side, { "/s": "1" });
    const spec = (repo: RepoName, name: string, options: object = {}) => ({
      pfs: { project: pachd.project, repo: repo.name, name, glob: "/", ...options },
    });
    const crossed = { ...pipeline, name: uniqueName("reference") };
    const input = { cross: [spec(pipeline.input, "in"), spec(side, "side", { reference: true })] };
    await submit(crossed, { input, transform: { cmd: ["sh"], stdin: ["cat /pfs/in/a /pfs/side/s > /pfs/out/both"] } });
    expect(counts(await lastJob(crossed))).toEqual([1, 0, 0, 0, 1]);
    await pachd.put(side, { "/s": "2" });
    expect(counts(await lastJob(crossed))).toEqual([0, 1, 0, 0, 1]);
    expect(counts(await put(crossed, { "/a": "A" }))).toEqual([1, 0, 0, 0, 1]);
    expect(await outputs({ ...crossed, output: { ...pipeline.input, name: crossed.name } })).toEqual({ "/both": "A2" });
  });
});

describe("datums made for a client", () => {
  let input: object;
  beforeAll(async () => {
    const repo = await pachd.newRepo();
    await pachd.put(repo, Object.fromEntries(Array.from({ length: 105 }, (_, index) => [`/${index}`, ""])));
    input = { pfs: { project: pachd.project, repo: repo.name, glob: "/*" } };
  });

  test("come a hundred at once, unless it is said how many, until there are no more", async () => {
    using talk = pachd.talk(pps.CreateDatum);
    await talk.say({ start: { input } });
    expect(await talk.hear(100)).toHaveLength(100);
    await talk.say({ continue: { number: 3 } });
    expect(await talk.hear(3)).toHaveLength(3);
    await talk.say({ continue: {} });
    expect(await talk.rest()).toHaveLength(2);
  });

  test("are begun by saying of which input", async () => {
    using talk = pachd.talk(pps.CreateDatum);
    await talk.say({ continue: { number: 3 } });
    await expectFault(talk.rest(), "UNKNOWN", "first message must be a StartCreateDatumRequest message");
  });

  test("are begun once", async () => {
    using talk = pachd.talk(pps.CreateDatum);
    await talk.say({ start: { input, number: 1 } });
    expect(await talk.hear(1)).toHaveLength(1);
    await talk.say({ start: { input } });
    await expectFault(talk.rest(), "UNKNOWN", "subsequent messages must be a ContinueCreateDatumRequest message");
  });

  test("are refused for a cron input", async () => {
    using talk = pachd.talk(pps.CreateDatum);
    await talk.say({ start: { input: { cron: { name: "tick", spec: "@never" } } } });
    await expectFault(talk.rest(), "UNKNOWN", "can't create datums with a cron input");
  });
});
