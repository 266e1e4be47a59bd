import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DatumInfo__Output as DatumInfo } from "../../src/pachyderm/generated/pps_v2/DatumInfo.ts";
import type { GetLogsRequest } from "../../src/pachyderm/generated/pps_v2/GetLogsRequest.ts";
import type { JobInfo__Output as JobInfo } from "../../src/pachyderm/generated/pps_v2/JobInfo.ts";
import type { LogMessage__Output as LogMessage } from "../../src/pachyderm/generated/pps_v2/LogMessage.ts";
import { Pachd, type RepoName, expectFault, pps } from "./pachd.ts";
import { type PipelineName, Pipelines } from "./pipeline-calls.ts";

const UNKNOWN_JOB = "0123456789ab4def8123456789abcdef";

let pachd: Pachd;
let pipelines: Pipelines;
let input: RepoName;
let pipeline: PipelineName;
/** Of the files /a and /b, and then of /c. */
let first: JobInfo;
let second: JobInfo;
let datums: DatumInfo[];
beforeAll(async () => {
  pachd = await Pachd.connect();
  pipelines = new Pipelines(pachd);
  input = await pachd.newRepo("in");
  await pachd.put(input, { "/a": "1", "/b": "2" });
  pipeline = await pipelines.new(input, 'name=$(basename $in); echo "out $name"; echo "err $name" >&2; printf "end $name"');
  first = await pipelines.newest(pipeline);
  await pachd.put(input, { "/c": "3" });
  second = await pipelines.newest(pipeline);
  datums = await pachd.collect(pps.ListDatum, { job: second.job ?? null });
});
afterAll(() => pachd.close());

/** What user code has printed. */
async function printed(request: GetLogsRequest): Promise<LogMessage[]> {
  return (await pachd.collect(pps.GetLogs, request)).filter(({ user }) => user);
}

async function texts(request: GetLogsRequest): Promise<string[]> {
  return (await printed(request)).map(({ message = "" }) => message).sort();
}

function datumOf(path: string): DatumInfo {
  return datums.find(({ data }) => data?.[0]?.file?.path === path) ?? expect.fail(`no datum of ${path}`);
}

function hashOf(path: string): Buffer {
  return datumOf(path).data?.[0]?.hash ?? expect.fail(`no hash of ${path}`);
}

describe("logs", () => {
  test("of a pipeline are those of all its jobs, standard output and error alike", async () => {
    const lines = ["a", "b", "c"].flatMap((name) => [`end ${name}`, `err ${name}`, `out ${name}`]);
    expect(await texts({ pipeline })).toEqual(lines.sort());
  });

  test("of a job are its own", async () => {
    expect(await texts({ job: second.job ?? null })).toEqual(["end c", "err c", "out c"]);
  });

  test("of a job of a pipeline that is named too are the same", async () => {
    expect(await texts({ pipeline, job: second.job ?? null })).toEqual(["end c", "err c", "out c"]);
  });

  test("of a datum are its own", async () => {
    expect(await texts({ job: first.job ?? null, datum: { job: first.job ?? null, id: datumOf("/a").datum?.id ?? "" } })).toEqual(
      ["end a", "err a", "out a"],
    );
  });

  test("say where each line comes from", async () => {
    const [line] = await printed({ job: second.job ?? null });
    expect(line).toMatchObject({
      project_name: pachd.project,
      pipeline_name: pipeline.name,
      job_id: second.job?.id,
      datum_id: datumOf("/c").datum?.id,
      user: true,
    });
    expect(line?.worker_id).toContain(pipeline.name.replace("_", "-").slice(0, 4));
  });

  test("say when each line was printed", async () => {
    const [line] = await printed({ job: second.job ?? null });
    const seconds = [second.created, line?.ts, second.finished].map((time) => Number(time?.seconds ?? 0));
    expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
  });

  test("are in the order in which a program has printed them", async () => {
    const lines = await printed({ job: second.job ?? null });
    const out = lines.map(({ message = "" }) => message).filter((message) => !message.startsWith("err"));
    expect(out).toEqual(["out c", "end c"]);
  });

  test("have lines that are not the user's too, about what the worker did", async () => {
    const lines = await pachd.collect(pps.GetLogs, { pipeline });
    expect(lines.some(({ user }) => !user)).toBe(true);
  });

  test("since a while ago have what was printed since", async () => {
    expect(await texts({ pipeline, since: { seconds: "3600" } })).toHaveLength(9);
  });

  test.each([
    ["path", () => "/a"],
    ["hash in hexadecimal", () => hashOf("/a").toString("hex")],
    ["hash in base64", () => hashOf("/a").toString("base64")],
  ])("can be filtered by the %s of what a datum read", async (_, filter) => {
    expect(await texts({ pipeline, data_filters: [filter()] })).toEqual(["end a", "err a", "out a"]);
  });

  test("that several filters are to match have to match all of them", async () => {
    expect(await texts({ pipeline, data_filters: ["/a", "/b"] })).toEqual([]);
  });

  test("that no datum of the filter has are none", async () => {
    expect(await texts({ pipeline, data_filters: ["/nowhere"] })).toEqual([]);
  });

  test("with follow come while the job runs", async () => {
    const waiting = await pipelines.new(input, "echo begins; exec sleep 1000", {
      input: { pfs: { project: input.project.name, repo: input.name, name: "in", glob: "/a" } },
    });
    const [job] = await pipelines.jobs(waiting);
    const request = { pipeline: waiting, follow: true };
    const line = await pachd.first(pps.GetLogs, request, ({ message }) => message === "begins");
    expect(line.user).toBe(true);
    await pachd.call(pps.StopJob, { job: job?.job ?? null });
  });

  test("of neither a pipeline nor a job are those of the server", async () => {
    const lines = await pachd.collect(pps.GetLogs, {}, 1);
    const [{ message, pipeline_name = "", user = false } = expect.fail("no line")] = lines;
    expect([message === "", pipeline_name, user]).toEqual([false, "", false]);
  });
});

describe("logs are refused of", () => {
  test("a pipeline that there is not", async () => {
    const missing = { name: "nope", project: { name: pachd.project } };
    const call = pachd.collect(pps.GetLogs, { pipeline: missing });
    await expectFault(call, "NOT_FOUND", "could not get pipeline information for ", `pipeline "${pachd.project}/nope" not found`);
  });

  test("a job that there is not", async () => {
    const call = pachd.collect(pps.GetLogs, { job: { pipeline, id: UNKNOWN_JOB } });
    const phrase = `jobs ${pachd.project}/${pipeline.name}@${UNKNOWN_JOB} not found`;
    await expectFault(call, "NOT_FOUND", `could not get job information for "${UNKNOWN_JOB}"`, phrase);
  });

  test("a job without its pipeline", async () => {
    const call = pachd.collect(pps.GetLogs, { job: { id: UNKNOWN_JOB } });
    await expectFault(call, "UNKNOWN", "pipeline must be specified for the given job");
  });

  test("a job of another pipeline than the one that is named", async () => {
    const other = { name: "other", project: { name: pachd.project } };
    await expectFault(
      pachd.collect(pps.GetLogs, { pipeline: other, job: first.job ?? null }),
      "UNKNOWN",
      "job is from the wrong pipeline",
    );
  });

  test.each([
    ["a datum", { datum: { id: "0".repeat(64) } }],
    ["data", { data_filters: ["/a"] }],
  ])("%s without its job or pipeline", async (_, request) => {
    await expectFault(pachd.collect(pps.GetLogs, request), "UNKNOWN", "must specify the Job or Pipeline that the datum is from");
  });
});
