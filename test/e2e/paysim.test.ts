import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findMlflow } from "../../src/cli/find-mlflow.ts";
import { findPachyderm } from "../../src/cli/find-pachyderm.ts";
import { packageRoot } from "../../src/local/job-environment.ts";
import type { PachydermClient } from "../../src/pachyderm/client.ts";
import type { JobInfo } from "../../src/pachyderm/types.ts";
import { paysimText } from "../../src/stages/paysim.ts";
import { freePort } from "../../bench/free-port.ts";
import { branch, pipeline, repo } from "../helpers/engine.ts";
import { rows } from "../helpers/scale.ts";

const HOUR_MS = 3_600_000;
const MOST_BYTES = 6 * 1024 ** 3;
const STAGES = ["split", "etl", "train"];
const ROWS = rows(0);

/** The demo as users run it, in processes of its own; then a day comes, and is withdrawn. */
describe.skipIf(ROWS === 0)("the whole PaySim table (by npm run test:long -- paysim: it takes many minutes)", () => {
  const home = join(tmpdir(), `stemma-paysim-${process.pid}`);
  const env = { ...process.env, STEMMA_HOME: join(home, "state"), PACHD_ADDRESS: "", MLFLOW_TRACKING_URI: "", STEMMA_INDEX: "" };
  let demo: Awaited<ReturnType<typeof stemma>>;
  let client: PachydermClient;
  let first: Result;
  let second: Result;
  let third: Result;

  beforeAll(async () => {
    mkdirSync(home);
    const ports = ["--engine-port", String(await freePort()), "--mlflow-port", String(await freePort())];
    demo = await stemma("demo", "--rows", String(ROWS), ...ports);
    process.stderr.write(demo.stdout.slice(demo.stdout.indexOf("What it took")) + "\n");
    client = findPachyderm(env, packageRoot);
    first = await result();
    const day = Buffer.concat([...paysimText({ rows: Math.ceil(ROWS / 30), seed: 99 })]);
    await client.modifyBranch(branch("raw_data"), [{ kind: "put", path: "/day-31.csv", content: day }]);
    second = await result();
    await client.modifyBranch(branch("raw_data"), [{ kind: "delete", path: "/day-31.csv" }]);
    third = await result();
  }, 2 * HOUR_MS);
  afterAll(async () => {
    client.close();
    await stemma("down");
    rmSync(home, { recursive: true });
  });

  function stemma(...argv: string[]) {
    return execa(process.execPath, [join(packageRoot, "bin", "stemma.js"), ...argv], { cwd: packageRoot, env, reject: false });
  }

  interface Result {
    readonly commit: string;
    readonly jobs: readonly JobInfo[];
    readonly run: string;
    /** Of the ETL, by path. */
    readonly hashes: Readonly<Record<string, string>>;
  }

  /** What has come of the newest commit, when all of it is done. */
  async function result(): Promise<Result> {
    const { id } = (await client.inspectCommit({ repo: repo("raw_data"), at: "master" }, "FINISHED")).commit;
    const jobs: JobInfo[] = [];
    for (const name of STAGES) jobs.push(await client.inspectJob({ pipeline: pipeline(name), id }, { wait: true }));
    const [card] = await Array.fromAsync(client.globFiles({ repo: repo("train"), at: id }, `/${"?".repeat(32)}`));
    const files = await Array.fromAsync(client.walkFiles({ repo: repo("etl"), at: id }, "/"));
    const hashes = Object.fromEntries(files.filter(({ type }) => type === "FILE").map(({ path, hash }) => [path, hash]));
    return { commit: id, jobs, run: card?.path.slice(1) ?? "", hashes };
  }

  async function etlRows(job: JobInfo | undefined): Promise<number> {
    let sum = 0;
    for await (const { message } of client.logs({ job: job?.job ?? expect.fail("no job") }))
      sum += Number(/^etl: .*: (\d+) rows$/.exec(message.trimEnd())?.[1] ?? 0);
    return sum;
  }

  test("the demo ends well, and holds at most 6 GiB in all processes together", () => {
    expect({ code: demo.exitCode, err: demo.stderr.match(/^stemma: .*$/m)?.[0] }).toEqual({ code: 0, err: undefined });
    const [, number, unit] = /^peak memory {2}([\d.]+) (MiB|GiB) resident/m.exec(demo.stdout) ?? [];
    const bytes = Number(number) * 1024 ** (unit === "GiB" ? 3 : 2);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(MOST_BYTES);
  });

  test("its report has the rows of each stage", () => {
    const lines = demo.stdout.slice(demo.stdout.indexOf("What it took")).split("\n");
    const stages = new Map(lines.map((line) => [line.split(" ")[0], line.split(/ {2,}/)]));
    expect(stages.get("put")?.[3]).toBe(ROWS.toLocaleString("en"));
    expect(stages.get("split")?.[3]).toBe(ROWS.toLocaleString("en"));
  });

  test("the ETL's sums are those of pandas over the same CSV to 1e-9", { timeout: HOUR_MS }, async () => {
    await stemma("get", `raw_data@${first.commit}:/`, "-o", join(home, "raw"));
    await stemma("get", `etl@${first.commit}:/`, "-o", join(home, "etl"));
    const script = join(packageRoot, "test", "pipelines", "sums_by_pandas.py");
    const python = join(packageRoot, ".venv", "bin", "python");
    const { stdout } = await execa(python, [script, join(home, "raw"), join(home, "etl")]);
    const { expected, found } = JSON.parse(stdout) as {
      expected: { rows: number };
      found: [{ unequal: number; deviation: number }];
    };
    expect(found).toMatchObject([{ ...expected, unequal: 0 }]);
    expect(found[0].deviation).toBeLessThan(1e-9);
    expect(await etlRows(first.jobs[1])).toBe(expected.rows);
  });

  test("one more day runs what it touches, and no more", async () => {
    const buckets = first.jobs[1]?.datums.processed ?? 0;
    expect(second.jobs.map(({ state }) => state)).toEqual(STAGES.map(() => "JOB_SUCCESS"));
    expect(second.jobs.map(({ datums: { processed, skipped } }) => ({ processed, skipped }))).toEqual([
      { processed: 1, skipped: 1 },
      { processed: buckets, skipped: buckets },
      { processed: 1, skipped: 0 },
    ]);
    expect(second.hashes).toMatchObject(first.hashes);
  });

  test("a withdrawn day vanishes from all that follows", async () => {
    expect(third.jobs.map(({ state }) => state)).toEqual(STAGES.map(() => "JOB_SUCCESS"));
    expect(Object.keys(second.hashes).filter((path) => path.includes("day-31"))).not.toEqual([]);
    expect(third.hashes).toEqual(first.hashes);
  });

  test("and the new model's trace no longer names it", { timeout: HOUR_MS }, async () => {
    expect(third.run).toMatch(/^[\da-f]{32}$/);
    const [withDay, without] = [await stemma("trace", second.run, "--up"), await stemma("trace", third.run, "--up")];
    expect(withDay.stdout).toContain("/day-31.csv");
    expect(without).toMatchObject({ exitCode: 0 });
    expect(without.stdout).toContain("/paysim-1.csv");
    expect(without.stdout).not.toContain("day-31");
    expect(without.stdout).toMatch(/^complete$/m);
  });

  test("trained on the same rows again, the model is the same", async () => {
    const mlflow = findMlflow(env, packageRoot);
    const [before, after, other] = await Promise.all([first, third, second].map(({ run }) => mlflow.inspectRun(run)));
    expect(before?.metrics["PR test"]).toBeGreaterThan(0.5);
    expect(areas(after?.metrics)).toEqual(areas(before?.metrics));
    expect(after?.params).toEqual(before?.params);
    expect(other?.params).not.toEqual(before?.params);
    const nodes = [];
    for (const { commit } of [first, third]) {
      const model = join(home, `model-${nodes.length}`);
      await stemma("get", `train@${commit}:/model/`, "-o", model);
      const script = join(packageRoot, "test", "pipelines", "tree_nodes.py");
      nodes.push((await execa(join(packageRoot, ".venv", "bin", "python"), [script, model])).stdout);
    }
    expect(nodes[1]).toBe(nodes[0]);
  });
});

function areas(metrics: Readonly<Record<string, number>> = {}): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).filter(([key]) => /^(PR|AUC) /.test(key)));
}
