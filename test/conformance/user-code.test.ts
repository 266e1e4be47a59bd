import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JobInfo__Output as JobInfo } from "../../src/pachyderm/generated/pps_v2/JobInfo.ts";
import { Pachd, type RepoName, expectFault, pps } from "./pachd.ts";
import { counts } from "./pipeline-calls.ts";
import { Runs } from "./runs.ts";

let pachd: Pachd;
let runs: Runs;
beforeAll(async () => {
  pachd = await Pachd.connect();
  runs = new Runs(pachd);
});
afterAll(() => pachd.close());

describe("the environment of a datum's command", () => {
  let lines: string[];
  let job: JobInfo;
  let input: string;
  let spec: string;
  beforeAll(async () => {
    const repo = await pachd.newRepo("in");
    input = await pachd.put(repo, { "/dir/a.txt": "12345" });
    const pipeline = await runs.new(repo, "", {
      transform: {
        cmd: ["sh", "-c", "env > /pfs/out/env; cat /pfs/.env > /pfs/out/dotenv; pwd > /pfs/out/pwd"],
        env: { GREETING: "hi you" },
        working_dir: "/tmp",
      },
      input: { pfs: { project: repo.project.name, repo: repo.name, name: "in", glob: "/dir/*" } },
    });
    job = await runs.newest(pipeline);
    spec = (await runs.inspect(pipeline)).spec_commit?.id ?? "";
    lines = (await pachd.read(runs.repo(pipeline), "/env")).split("\n");
  });

  test.each([
    ["the job's id, as PACH_JOB_ID", () => `PACH_JOB_ID=${job.job?.id}`],
    ["the output commit's id, which is the job's", () => `PACH_OUTPUT_COMMIT_ID=${job.job?.id}`],
    ["the pipeline's name", () => `PPS_PIPELINE_NAME=${job.job?.pipeline?.name}`],
    ["the project's name", () => `PPS_PROJECT_NAME=${pachd.project}`],
    ["the spec commit's id, which is the version of the pipeline", () => `PPS_SPEC_COMMIT=${spec}`],
    ["that it is in a worker", () => "PACH_IN_WORKER=true"],
    ["the file's path under the input's name", () => "in=/pfs/in/dir/a.txt"],
    ["the input's commit", () => `in_COMMIT=${input}`],
    ["the variables of transform.env", () => "GREETING=hi you"],
  ])("has %s", (_, line) => expect(lines).toContain(line()));

  test.each(["PPS_POD_NAME", "PPS_WORKER_IP", "PPS_WORKER_GRPC_PORT", "PACHD_PEER_SERVICE_HOST", "PACHD_PEER_SERVICE_PORT"])(
    "has the worker's %s",
    (name) => expect(lines.filter((line) => line.startsWith(`${name}=`) && line.length > name.length + 1)).toHaveLength(1),
  );

  test("has the datum's id, as ListDatum has it", async () => {
    const [datum] = await runs.datums(job);
    expect(lines).toContain(`PACH_DATUM_ID=${datum?.datum?.id}`);
  });

  test("is in /pfs/.env too", async () => {
    const dotenv = await pachd.read({ ...job.job?.pipeline, type: "user" } as RepoName, "/dotenv");
    expect(dotenv.split("\n")).toEqual(
      expect.arrayContaining([`PACH_JOB_ID=${job.job?.id}`, "in=/pfs/in/dir/a.txt", `in_COMMIT=${input}`]),
    );
  });

  test("is begun in working_dir", async () => {
    expect(await pachd.read({ ...job.job?.pipeline, type: "user" } as RepoName, "/pwd")).toBe("/tmp\n");
  });
});

describe("the key of a datum", () => {
  test.each([
    ["join", "join_on", "PACH_DATUM_in_JOIN_ON=x"],
    ["group", "group_by", "PACH_DATUM_in_GROUP_BY=x"],
  ])("of a %s is a variable", async (kind, option, line) => {
    const repo = await pachd.newRepo("in");
    await pachd.put(repo, { "/x-1": "1" });
    const pfsInput = (name: string): object => ({
      pfs: { project: repo.project.name, repo: repo.name, name, glob: "/(*)-*", [option]: "$1" },
    });
    const inputs = kind === "join" ? [pfsInput("in"), pfsInput("other")] : [pfsInput("in")];
    const pipeline = await runs.new(repo, "env > /pfs/out/env", { input: { [kind]: inputs } });
    expect(await runs.newest(pipeline)).toMatchObject({ state: "JOB_SUCCESS" });
    expect((await pachd.read(runs.repo(pipeline), "/env")).split("\n")).toContain(line);
  });
});

describe("a datum whose command", () => {
  /** Each datum is a script, which is named after what it is to show. */
  let states: Record<string, string>;
  let job: JobInfo;
  beforeAll(async () => {
    const scripts = {
      "/succeeds": "exit 0",
      "/fails": "exit 3",
      "/accepted": "exit 7",
      "/killed": "kill -9 $$",
      "/missing": "no-such-command",
      "/changes-input": "echo changed > $in",
      "/background": "sleep 1000 & exit 0",
    };
    ({ job } = await runs.run(scripts, "", { transform: { cmd: ["sh", "-c", ". $in"], accept_return_code: [7] } }));
    const rows = (await runs.datums(job)).map(({ data, state }): [string, string] => [
      data?.[0]?.file?.path ?? "",
      String(state),
    ]);
    states = Object.fromEntries(rows);
  });

  test.each([
    ["ends with 0 is a success", "/succeeds", "SUCCESS"],
    ["ends with another code has failed", "/fails", "FAILED"],
    ["ends with a code of accept_return_code is a success", "/accepted", "SUCCESS"],
    ["is killed has failed", "/killed", "FAILED"],
    ["cannot find what it runs has failed", "/missing", "FAILED"],
    ["changes its input is no worse for it", "/changes-input", "SUCCESS"],
    ["leaves a process running is done all the same", "/background", "SUCCESS"],
  ])("%s", (_, path, state) => expect(states[path]).toBe(state));

  test("has failed does not keep the others from being worked on, but fails the job, with its id", () => {
    expect(job.state).toBe("JOB_FAILURE");
    expect(job.reason).toMatch(/^datum [0-9a-f]{64} failed$/);
    expect(counts(job)).toEqual([7, 4, 0, 3]);
  });

  test("has failed is tried as often as datum_tries says, all in all", async () => {
    const { pipeline } = await runs.run({ "/a": "1" }, "echo trying; exit 1", { datum_tries: 3 });
    const logs = await pachd.collect(pps.GetLogs, { pipeline });
    expect(logs.filter(({ user, message }) => user && message === "trying")).toHaveLength(3);
  });

  test("takes longer than datum_timeout has failed", async () => {
    const { job: late } = await runs.run({ "/a": "1" }, "exec sleep 1000", { datum_timeout: "0.5s" });
    expect(late).toMatchObject({ state: "JOB_FAILURE", data_failed: "1" });
  });

  test("takes longer than job_timeout ends with its job, which is killed", async () => {
    const { job: late } = await runs.run({ "/a": "1" }, "exec sleep 1000", { job_timeout: "1s" });
    expect(late.state).toBe("JOB_KILLED");
    expect(late.reason).toMatch(/ jobtimed out$/);
  });
});

describe("a datum that is worked on", () => {
  test.each([
    ["the path", () => ["/a"]],
    ["no more than the job", () => []],
  ])("begins anew when it is restarted, named by %s", async (_, filters) => {
    const input = await pachd.newRepo("in");
    await pachd.put(input, { "/a": "1" });
    const script =
      "[ -e /tmp/$PACH_JOB_ID ] || { touch /tmp/$PACH_JOB_ID; echo waiting; exec sleep 1000; }; rm /tmp/$PACH_JOB_ID";
    const pipeline = await runs.new(input, script, { datum_tries: 3 });
    await pachd.first(pps.GetLogs, { pipeline, follow: true }, ({ message }) => message === "waiting");
    const [job] = await runs.jobs(pipeline);
    await pachd.call(pps.RestartDatum, { job: job?.job ?? null, data_filters: filters() });
    expect(await runs.newest(pipeline)).toMatchObject({ state: "JOB_SUCCESS", data_processed: "1" });
  });

  test("is not restarted by a filter that names other data", async () => {
    const { job } = await runs.run({ "/a": "1" }, "true");
    await expectFault(
      pachd.call(pps.RestartDatum, { job: job.job ?? null, data_filters: ["/nowhere"] }),
      "UNKNOWN",
      "could not be found",
    );
  });
});

/** A command that fails, and one for that. */
function handled(err_cmd: string[]): object {
  return { transform: { cmd: ["sh", "-c", "echo x > /pfs/out/x; exit 1"], err_cmd } };
}

describe("an error handler", () => {
  test("that succeeds recovers its datum: the job succeeds, without output of it", async () => {
    const { job, pipeline } = await runs.run({ "/a": "1" }, "", handled(["true"]));
    expect(job).toMatchObject({ state: "JOB_SUCCESS", data_recovered: "1" });
    expect((await runs.datums(job)).map(({ state }) => state)).toEqual(["RECOVERED"]);
    expect(await runs.paths(runs.repo(pipeline))).toEqual([]);
  });

  test("does not make its datum one that is skipped: the next job tries it again", async () => {
    const { input, pipeline } = await runs.run({ "/a": "1" }, "", handled(["true"]));
    await pachd.put(input, { "/b": "2" });
    expect(await runs.newest(pipeline)).toMatchObject({ state: "JOB_SUCCESS", data_recovered: "2" });
  });

  test("that fails leaves its datum failed", async () => {
    const { job } = await runs.run({ "/a": "1" }, "", handled(["false"]));
    expect(job).toMatchObject({ state: "JOB_FAILURE", data_failed: "1" });
  });

  test("gets err_stdin as its input", async () => {
    const transform = { cmd: ["false"], err_cmd: ["sh"], err_stdin: ["echo handled", "exit 0"] };
    const { job, pipeline } = await runs.run({ "/a": "1" }, "", { transform });
    expect(job.state).toBe("JOB_SUCCESS");
    const logs = await pachd.collect(pps.GetLogs, { pipeline });
    expect(logs.map(({ message }) => message)).toContain("handled");
  });
});
