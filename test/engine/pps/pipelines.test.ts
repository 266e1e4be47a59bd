import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JobInfo } from "../../../src/pachyderm/types.ts";
import {
  type TestEngine,
  branch,
  commitFiles,
  pipeline,
  put,
  readAll,
  readText,
  repo,
  shellSpec,
  startTestEngine,
} from "../../helpers/engine.ts";
import { processesWith } from "../../helpers/job-processes.ts";

/** Copies each matched file, in upper case, to the same name. */
const UPPER = 'for f in /pfs/in/*; do tr a-z A-Z < "$f" > "/pfs/out/$(basename "$f")"; done';

describe.each(["namespace", "rewrite"])("pipelines of the embedded engine, /pfs by %s", (sandbox) => {
  let client: TestEngine["client"];
  let close: TestEngine["close"];
  let home: string;
  let names = 0;

  beforeAll(async () => {
    ({ client, close, home } = await startTestEngine({ env: { STEMMA_SANDBOX: sandbox } }));
  });
  afterAll(() => close());

  /** A repo with files, and a pipeline that runs a script on each. Answers their names and the pipeline's first job. */
  async function newPipeline(
    script: string,
    files: Record<string, string>,
    more: object = {},
  ): Promise<{ input: string; name: string; first: JobInfo }> {
    names += 1;
    const [input, name] = [`input${names}`, `pipeline${names}`];
    await client.createRepo(repo(input));
    await commitFiles(client, input, files);
    await client.createPipeline(
      shellSpec(name, input, script, { input: { pfs: { repo: input, name: "in", glob: "/*" } }, ...more }),
    );
    return { input, name, first: await newestJob(name) };
  }

  async function newestJob(name: string): Promise<JobInfo> {
    for await (const job of client.listJobs({ pipeline: pipeline(name) })) return client.inspectJob(job.job, { wait: true });
    return expect.fail(`pipeline ${name} has no job`);
  }

  async function logText(name: string): Promise<string[]> {
    const lines = await Array.fromAsync(client.logs({ pipeline: pipeline(name) }));
    return lines.filter((line) => line.user).map((line) => line.message);
  }

  test("a new pipeline works on what is there: a datum a match, its output a commit of the same set", async () => {
    const { input, name, first } = await newPipeline(UPPER, { "/a": "one", "/b": "two" });
    expect(first).toMatchObject({
      state: "JOB_SUCCESS",
      pipelineVersion: 1,
      datums: { total: 2, processed: 2, skipped: 0, failed: 0 },
    });
    expect(await readAll(client, name)).toEqual({ "/a": "ONE", "/b": "TWO" });
    expect(first.outputCommit.id).toBe(first.job.id);
    expect(first.inputs).toMatchObject([{ name: "in", repo: { name: input }, branch: "master", glob: "/*" }]);
  });

  test("unchanged datums are skipped, changed ones run again, and vanished ones take their output with them", async () => {
    const { input, name } = await newPipeline(UPPER, { "/keep": "k", "/change": "c", "/vanish": "v" });
    await client.modifyBranch(branch(input), [put("/change", "changed"), { kind: "delete", path: "/vanish" }, put("/new", "n")]);
    expect(await newestJob(name)).toMatchObject({ state: "JOB_SUCCESS", datums: { total: 3, processed: 2, skipped: 1 } });
    expect(await readAll(client, name)).toEqual({ "/keep": "K", "/change": "CHANGED", "/new": "N" });
  });

  test("each file says which datum wrote it, and each datum what it read", async () => {
    const { name, first } = await newPipeline(UPPER, { "/a": "one", "/b": "two" });
    const datums = await Array.fromAsync(client.listDatums(first.job));
    const read = Object.fromEntries(datums.map((datum) => [datum.id, datum.files.map((file) => file.path)]));
    for (const path of ["/a", "/b"]) {
      const { datum } = await client.inspectFile({ repo: repo(name), at: "master" }, path);
      expect(read[datum]).toEqual([path]);
    }
  });

  test("a directory that matches is one datum with all below it", async () => {
    const { first, name } = await newPipeline('cat /pfs/in/*/* > "/pfs/out/$(basename "$in")"', {
      "/x/1": "1",
      "/x/2": "2",
      "/y/1": "3",
    });
    expect(first).toMatchObject({ state: "JOB_SUCCESS", datums: { total: 2 } });
    expect(await readAll(client, name)).toEqual({ "/x": "12", "/y": "3" });
  });

  test("a directory in which a file was renamed is something new to do, though its hash is the same", async () => {
    const { input, name } = await newPipeline("ls /pfs/in/x > /pfs/out/names", { "/x/old": "1" });
    await client.modifyBranch(branch(input), [{ kind: "delete", path: "/x/old" }, put("/x/new", "1")]);
    expect(await newestJob(name)).toMatchObject({ state: "JOB_SUCCESS", datums: { processed: 1, skipped: 0 } });
    expect(await readAll(client, name)).toEqual({ "/names": "new\n" });
  });

  test("an empty commit has no datums, also for a pattern that matches the root", async () => {
    const { first } = await newPipeline("exit 1", {}, { input: { pfs: { repo: `input${names + 1}`, name: "in", glob: "/" } } });
    expect(first).toMatchObject({ state: "JOB_SUCCESS", datums: { total: 0 } });
  });

  test("a command sees Pachyderm's variables, its secrets and its own", async () => {
    await client.createSecret("login", { token: "s3cret" });
    const { first, name } = await newPipeline(
      "env > /pfs/out/env",
      { "/a": "1" },
      {
        transform: {
          cmd: ["sh", "-c", "env > /pfs/out/env"],
          env: { OWN: "mine" },
          secrets: [{ name: "login", key: "token", env_var: "TOKEN" }],
        },
      },
    );
    const env = await readText(client, name, "master", "/env");
    for (const line of [
      `PACH_JOB_ID=${first.job.id}`,
      `PPS_PIPELINE_NAME=${name}`,
      "PPS_PROJECT_NAME=default",
      "OWN=mine",
      "TOKEN=s3cret",
    ]) {
      expect(env).toContain(line);
    }
    expect(env).toMatch(/^in=.*\/in\/a$/m);
    expect(env).toMatch(/^in_COMMIT=[0-9a-f]{32}$/m);
    expect(env).toMatch(/^PACH_DATUM_ID=[0-9a-f]{64}$/m);
  });

  test("a failing datum fails its job and its commit with a reason, and what is downstream does not run", async () => {
    const { input, name, first } = await newPipeline("grep -q good /pfs/in/* && cp /pfs/in/* /pfs/out", { "/a": "good" });
    expect(first.state).toBe("JOB_SUCCESS");
    await client.createPipeline(shellSpec(`${name}-next`, name, "cp -r /pfs/*/* /pfs/out || true"));
    const id = await commitFiles(client, input, { "/b": "bad" });
    const job = await newestJob(name);
    expect(job).toMatchObject({
      job: { id },
      state: "JOB_FAILURE",
      reason: expect.stringMatching(/^datum [0-9a-f]{64} failed$/),
      datums: { failed: 1, skipped: 1 },
    });
    expect((await client.inspectCommit({ repo: repo(name), at: id }, "FINISHED")).error).toBe(job.reason);
    expect(await newestJob(`${name}-next`)).toMatchObject({
      state: "JOB_UNRUNNABLE",
      reason: `unrunnable because the following upstream pipelines failed: ${name}`,
    });
    await commitFiles(client, input, { "/b": "good" });
    expect(await newestJob(name)).toMatchObject({ state: "JOB_SUCCESS", datums: { processed: 1, skipped: 1 } });
  });

  test("a datum is tried as often as the spec says, and its error handler can save the job", async () => {
    const { first, name } = await newPipeline(
      "echo trying; exit 3",
      { "/a": "1" },
      {
        datum_tries: 2,
        transform: { cmd: ["sh", "-c", "echo trying; exit 3"], err_cmd: ["sh", "-c", "echo handled"] },
      },
    );
    expect(first).toMatchObject({ state: "JOB_SUCCESS", datums: { recovered: 1, processed: 0 } });
    expect(await logText(name)).toEqual(["trying", "trying", "handled"]);
  });

  test("an exit code that the spec accepts is a success", async () => {
    const { first } = await newPipeline(
      "exit 3",
      { "/a": "1" },
      { transform: { cmd: ["sh", "-c", "exit 3"], accept_return_code: [3] } },
    );
    expect(first.state).toBe("JOB_SUCCESS");
  });

  test.each([
    ["a command that is not there", { cmd: ["no-such-command"] }, /failed: .*no-such-command|exit code 12[67]/],
    [
      "a link that leads nowhere",
      { cmd: ["sh", "-c", "ln -s /nowhere /pfs/out/link"] },
      /\/link is a link that cannot be followed/,
    ],
    ["a name that PFS refuses", { cmd: ["sh", "-c", "touch '/pfs/out/a*'"] }, /globbing character \(\*\) not allowed/],
    ["a named pipe", { cmd: ["mkfifo", "/pfs/out/pipe"] }, /is no file/],
  ])("%s fails the datum, and the log says why", async (_, transform, text) => {
    const { first, name } = await newPipeline("", { "/a": "1" }, { transform });
    expect(first.state).toBe("JOB_FAILURE");
    const lines = await Array.fromAsync(client.logs({ pipeline: pipeline(name) }));
    expect(lines.map((line) => line.message).join("\n")).toMatch(text);
  });

  test("two datums that write one path fail the job", async () => {
    const { first } = await newPipeline("echo x > /pfs/out/same", { "/a": "1", "/b": "2" });
    expect(first).toMatchObject({
      state: "JOB_FAILURE",
      reason: expect.stringMatching(/^duplicate path output by different datums \(\/same from .* and \/same from /),
    });
  });

  test("a secret that is missing fails the job with its name", async () => {
    const { first } = await newPipeline(
      "",
      { "/a": "1" },
      { transform: { cmd: ["true"], secrets: [{ name: "absent", key: "k", env_var: "K" }] } },
    );
    expect(first).toMatchObject({ state: "JOB_FAILURE", reason: 'secret "absent" not found' });
  });

  test("a stopped job's processes are gone, and its commit says why", async () => {
    const { input, name } = await newPipeline('echo begins; [ "$(cat /pfs/in/*)" = quick ] || exec sleep 1000', {
      "/a": "quick",
    });
    const id = await commitFiles(client, input, { "/b": "slow" });
    const job = { pipeline: pipeline(name), id };
    for await (const line of client.logs({ job, follow: true })) if (line.message === "begins") break;
    expect(processesWith("PACH_JOB_ID", id)).not.toEqual([]);
    await client.stopJob(job, "enough");
    expect(await client.inspectJob(job, { wait: true })).toMatchObject({ state: "JOB_KILLED", reason: "enough" });
    expect((await client.inspectCommit({ repo: repo(name), at: id })).error).toBe("enough");
    await expect.poll(() => processesWith("PACH_JOB_ID", id)).toEqual([]);
  });

  test.each(["stopped", "deleted", "updated"])("the processes of a job are gone when its pipeline is %s", async (how) => {
    const { input, name } = await newPipeline("true", { "/a": "" });
    const slow = pipeline(`${name}-slow`);
    await client.createPipeline(shellSpec(slow.name, input, "echo begins; exec sleep 1000"));
    for await (const line of client.logs({ pipeline: slow, follow: true })) if (line.message === "begins") break;
    const [job] = await Array.fromAsync(client.listJobs({ pipeline: slow }));
    const processes = () => processesWith("PACH_JOB_ID", job?.job.id ?? "");
    expect(processes()).not.toEqual([]);
    if (how === "stopped") await client.stopPipeline(slow);
    else if (how === "deleted") await client.deletePipeline(slow);
    else await client.createPipeline(shellSpec(slow.name, input, "true"), { update: true });
    await expect.poll(processes).toEqual([]);
    if (how === "updated") await newestJob(slow.name);
  });

  test("a stopped pipeline ignores new commits, and takes the newest when it starts again", async () => {
    const { input, name } = await newPipeline(UPPER, { "/a": "1" });
    await client.stopPipeline(pipeline(name));
    expect(await client.inspectPipeline(pipeline(name))).toMatchObject({ stopped: true, state: "PIPELINE_PAUSED" });
    await commitFiles(client, input, { "/b": "2" });
    await commitFiles(client, input, { "/c": "3" });
    expect(await Array.fromAsync(client.listJobs({ pipeline: pipeline(name) }))).toHaveLength(1);
    await client.startPipeline(pipeline(name));
    expect(await newestJob(name)).toMatchObject({ state: "JOB_SUCCESS", datums: { processed: 2, skipped: 1 } });
  });

  test("an update is a new version with a job of its own, and reprocessing runs every datum again", async () => {
    const { input, name } = await newPipeline(UPPER, { "/a": "1" });
    const spec = shellSpec(name, input, UPPER, { input: { pfs: { repo: input, name: "in", glob: "/*" } } });
    await expect(client.createPipeline(spec)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await client.createPipeline(spec, { update: true });
    expect(await newestJob(name)).toMatchObject({ pipelineVersion: 2, datums: { processed: 0, skipped: 1 } });
    await client.createPipeline(spec, { update: true, reprocess: true });
    expect(await newestJob(name)).toMatchObject({ pipelineVersion: 3, datums: { processed: 1, skipped: 0 } });
  });

  test("a deleted pipeline takes its output with it", async () => {
    const { name } = await newPipeline(UPPER, { "/a": "1" });
    await expect(client.deleteRepo(repo(name))).rejects.toThrow("delete the pipeline instead");
    await client.deletePipeline(pipeline(name));
    await expect(client.inspectPipeline(pipeline(name))).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(client.inspectRepo(repo(name))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("no datum leaves a folder behind", async () => {
    await newPipeline(UPPER, { "/a": "1" });
    const left = await Promise.all((await readdir(join(home, "work"))).map((job) => readdir(join(home, "work", job))));
    expect(left.flat()).toEqual([]);
  });

  test.each([
    ["it is not JSON", "{nope", /not JSON/],
    ["a field is unknown", JSON.stringify({ pipeline: { name: "p" }, transfrom: {} }), /unknown field "transfrom"/],
    [
      "the input has no glob",
      JSON.stringify({ pipeline: { name: "p" }, transform: { cmd: ["true"] }, input: { pfs: { repo: "r" } } }),
      /input must specify a glob/,
    ],
    [
      "its glob is malformed",
      shellSpec("p", "r", "true", { input: { pfs: { repo: "r", glob: "/[" } } }),
      /unexpected end of input/,
    ],
    ["the input's repo is missing", shellSpec("p", "nowhere", "true"), /repo default\/nowhere not found/],
    ["it needs a cluster", shellSpec("p", "r", "true", { spout: {}, input: undefined }), /"spout"/],
  ])("a spec is refused when %s", async (_, spec, text) => {
    await expect(client.createPipeline(spec)).rejects.toThrow(text);
  });
});
