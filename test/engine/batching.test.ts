import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JobInfo } from "../../src/pachyderm/types.ts";
import { type TestEngine, commitFiles, pipeline, readAll, repo, startTestEngine } from "../helpers/engine.ts";
import { processesWith } from "../helpers/job-processes.ts";

const PYTHON = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));
const PROGRAM = fileURLToPath(new URL("batch_datums.py", import.meta.url));

function python(way: string): object {
  return { cmd: [PYTHON, PROGRAM, way], datum_batching: true };
}

/** With the real pachyderm-sdk, whose start costs a second: so each pipeline shows as much as it can. */
describe("a pipeline with datum_batching", () => {
  let engine: TestEngine;
  let names = 0;
  beforeAll(async () => {
    engine = await startTestEngine();
  });
  afterAll(() => engine.close());

  async function run(
    files: Record<string, string>,
    transform: object,
    more: object = {},
  ): Promise<{ name: string; job: JobInfo }> {
    names += 1;
    const [input, name] = [`input${names}`, `batch${names}`];
    await engine.client.createRepo(repo(input));
    await commitFiles(engine.client, input, files);
    const spec = {
      pipeline: { name },
      transform,
      input: { pfs: { repo: input, name: "in", glob: "/*" } },
      datum_tries: 1,
      ...more,
    };
    await engine.client.createPipeline(JSON.stringify(spec));
    const [job] = await Array.fromAsync(engine.client.listJobs({ pipeline: pipeline(name) }));
    return { name, job: await engine.client.inspectJob(job?.job ?? expect.fail("no job"), { wait: true }) };
  }

  async function linesOf(name: string, isUsers = true): Promise<string[]> {
    const lines = await Array.fromAsync(engine.client.logs({ pipeline: pipeline(name) }));
    return lines.filter(({ user }) => user === isUsers).map(({ message }) => message);
  }

  test.each([
    ["decorator", 1],
    ["context", 2],
  ])("starts its program once for each worker, and that takes all datums with the SDK's %s", async (way, workers) => {
    const { name, job } = await run({ "/a": "one", "/b": "two", "/c": "three" }, python(way), {
      parallelism_spec: { constant: workers },
    });
    expect(job).toMatchObject({ state: "JOB_SUCCESS", datums: { processed: 3 } });
    expect(await readAll(engine.client, name)).toEqual({ "/a": "ONE", "/b": "TWO", "/c": "THREE" });
    expect((await linesOf(name)).filter((line) => line === "program started")).toHaveLength(workers);
    expect(processesWith("PACH_JOB_ID", job.job.id)).toEqual([]);
  });

  test("fails the datum whose error the program reports, after as many attempts as the spec says, and goes on", async () => {
    const { name, job } = await run({ "/a": "one", "/b": "bad", "/c": "three" }, python("context"), { datum_tries: 2 });
    expect(job).toMatchObject({ state: "JOB_FAILURE", datums: { processed: 2, failed: 1 } });
    const said = (await linesOf(name, false)).filter((line) => line.includes("failed"));
    expect(said).toEqual([1, 2].map((attempt) => `attempt ${attempt} of 2 failed: ValueError('b is bad')`));
    expect((await linesOf(name)).filter((line) => line === "program started")).toHaveLength(1);
  });

  test("fails a datum after which the program ends, and starts it again for the next", async () => {
    const { name, job } = await run({ "/a": "one", "/b": "two" }, python("one"));
    expect(job).toMatchObject({ state: "JOB_FAILURE", datums: { failed: 2 } });
    const why = "attempt 1 of 1 failed: the program ended with exit code 0 before it asked for the next datum";
    expect(await linesOf(name, false)).toEqual([why, why]);
  });

  test("fails the datums for which a program that never asks has ended", async () => {
    const { name, job } = await run({ "/a": "one" }, { cmd: ["sh", "-c", "exit 4"], datum_batching: true }, { datum_tries: 2 });
    expect(job).toMatchObject({ state: "JOB_FAILURE", datums: { failed: 1 } });
    expect(await linesOf(name, false)).toContain(
      "attempt 2 of 2 failed: the program ended with exit code 4 before it asked for the next datum",
    );
  });

  test("ends the program where a datum takes too long, runs err_cmd, and starts it again for the next", async () => {
    const { name, job } = await run(
      { "/slow": "one", "/then": "two" },
      { ...python("hang"), err_cmd: ["sh", "-c", "echo handled; ls /pfs/in"] },
      { datum_timeout: "2s" },
    );
    expect(job).toMatchObject({ state: "JOB_SUCCESS", datums: { processed: 1, recovered: 1 } });
    expect(await linesOf(name)).toEqual(["program started", "handled", "slow", "program started"]);
  });
});

test("a program whose datums are not batched hears so when it asks for the next", async () => {
  const engine = await startTestEngine();
  try {
    await engine.client.createRepo(repo("data"));
    await commitFiles(engine.client, "data", { "/a": "1" });
    const spec = {
      pipeline: { name: "p" },
      transform: { cmd: [PYTHON, PROGRAM, "one"] },
      input: { pfs: { repo: "data", glob: "/*" } },
    };
    await engine.client.createPipeline(JSON.stringify({ ...spec, datum_tries: 1 }));
    const lines: string[] = [];
    const [job] = await Array.fromAsync(engine.client.listJobs());
    await engine.client.inspectJob(job?.job ?? expect.fail("no job"), { wait: true });
    for await (const line of engine.client.logs({ pipeline: pipeline("p") })) lines.push(line.message);
    expect(lines.join("\n")).toContain("datum batching not enabled");
  } finally {
    await engine.close();
  }
});

test("without namespaces such a job fails with the reason", async () => {
  const engine = await startTestEngine({ env: { STEMMA_SANDBOX: "rewrite" } });
  try {
    await engine.client.createRepo(repo("data"));
    await commitFiles(engine.client, "data", { "/a": "1" });
    const transform = { cmd: ["true"], datum_batching: true };
    await engine.client.createPipeline(
      JSON.stringify({ pipeline: { name: "p" }, transform, input: { pfs: { repo: "data", glob: "/*" } } }),
    );
    const [job] = await Array.fromAsync(engine.client.listJobs());
    expect(await engine.client.inspectJob(job?.job ?? expect.fail("no job"), { wait: true })).toMatchObject({
      state: "JOB_FAILURE",
      reason: expect.stringContaining("datum_batching needs a real /pfs"),
    });
  } finally {
    await engine.close();
  }
});
