import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findMlflow } from "../src/cli/find-mlflow.ts";
import { findPachyderm } from "../src/cli/find-pachyderm.ts";
import { jobEnvironment } from "../src/local/job-environment.ts";
import type { PachydermClient } from "../src/pachyderm/client.ts";
import type { BranchName, FileChange, JobInfo } from "../src/pachyderm/types.ts";
import { FRAUD_TYPES, paysimText } from "../src/stages/paysim.ts";
import { splitTables } from "../src/stages/split.ts";
import type { Figure } from "./figure.ts";
import { freePort } from "./free-port.ts";
import { benchSplit } from "./pipelines-split.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const STEMMA = join(ROOT, "bin", "stemma.js");
const BARE = fileURLToPath(new URL("pipelines-peer/bare_etl.py", import.meta.url));
const STAGES = ["split", "etl", "train"] as const;

const DATUMS = 64;
const TIMED_STARTS = 3;
/** Few rows to a datum: what counts is what each costs besides them. */
const DATUM_ROWS = 20_000;
const DAYS = 30;
/** The limits are meant for 6,362,620. */
const USUAL_ROWS = 600_000;

/** The pipelines beside the least that each stage can cost. All of it runs in an engine and an MLflow server of its own. */
export async function benchPipelines(rows = USUAL_ROWS): Promise<readonly Figure[]> {
  if (rows < 6_000_000) process.stderr.write(`${rows} rows: the limits are meant for --rows 6362620\n`);
  const home = mkdtempSync(join(tmpdir(), "stemma-bench-pipelines-"));
  const env = { ...process.env, STEMMA_HOME: join(home, "state"), PACHD_ADDRESS: "", MLFLOW_TRACKING_URI: "", STEMMA_INDEX: "" };
  try {
    const ports = ["--engine-port", String(await freePort()), "--mlflow-port", String(await freePort())];
    await run(process.execPath, [STEMMA, "demo", "--rows", String(rows), ...ports], env);
    using pachyderm = findPachyderm(env, ROOT);
    const bench = { home, rows, env, pachyderm };
    const first = await lastRun(bench);
    return [
      await benchDatums(bench),
      await benchWhole(bench, first),
      ...(await benchSplit()),
      await benchShare(bench, first),
      await benchDay(bench, first),
    ];
  } finally {
    await run(process.execPath, [STEMMA, "down"], env);
    rmSync(home, { recursive: true });
  }
}

interface Bench {
  readonly home: string;
  readonly rows: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pachyderm: PachydermClient;
}

/** What the newest commit of raw data has led to. */
interface WholeRun {
  readonly commit: string;
  /** From the beginning of the put to the end of the last job. */
  readonly ms: number;
  readonly jobs: Readonly<Record<(typeof STAGES)[number], JobInfo>>;
}

async function lastRun({ pachyderm }: Bench): Promise<WholeRun> {
  const { commit, started } = await pachyderm.inspectCommit({ repo: branchOf("raw_data").repo, at: "master" });
  const [split, etl, train] = await Promise.all(STAGES.map((name) => jobOf(pachyderm, name, commit.id)));
  if (split === undefined || etl === undefined || train === undefined) throw new Error("a job is missing");
  return { commit: commit.id, ms: (train.finished?.getTime() ?? Number.NaN) - started.getTime(), jobs: { split, etl, train } };
}

async function jobOf(pachyderm: PachydermClient, name: string, id: string): Promise<JobInfo> {
  const job = await pachyderm.inspectJob({ pipeline: { project: "default", name }, id }, { wait: true });
  if (job.state !== "JOB_SUCCESS") throw new Error(`${name}@${id} ended as ${job.state}: ${job.reason}`);
  return job;
}

function branchOf(name: string): BranchName {
  return { repo: { project: "default", name, type: "user" }, name: "master" };
}

function msOf({ started, finished }: JobInfo): number {
  return (finished?.getTime() ?? Number.NaN) - (started?.getTime() ?? Number.NaN);
}

async function benchDatums({ home, pachyderm }: Bench): Promise<Figure> {
  const folder = join(home, "datums");
  mkdirSync(folder);
  writeFileSync(join(folder, "raw.csv"), Buffer.concat([...paysimText({ rows: DATUM_ROWS, seed: 1 })]));
  const split = join(folder, "split");
  const from = { from: join(folder, "raw.csv"), to: split, types: FRAUD_TYPES, by: { buckets: DATUMS } };
  await splitTables({ ...from, maxBad: 0, onBad: () => undefined });
  const buckets = readdirSync(split);
  const files = buckets.map((name): FileChange => ({
    kind: "put",
    path: `/${name}/raw.csv`,
    content: readFileSync(join(split, name, "raw.csv")),
  }));
  const input = branchOf("bench_split");
  await pachyderm.createRepo(input.repo);
  await pachyderm.modifyBranch(input, files);
  const spec = JSON.parse(readFileSync(join(ROOT, "pipelines", "etl.json"), "utf8")) as object;
  const pfs = { repo: input.repo.name, name: "split", glob: "/*/*" };
  await pachyderm.createPipeline(JSON.stringify({ ...spec, pipeline: { name: "bench_etl" }, input: { pfs } }));
  const { commit } = await pachyderm.inspectCommit({ repo: branchOf("bench_etl").repo, at: "master" });
  const job = await jobOf(pachyderm, "bench_etl", commit.id);
  if (job.datums.processed !== DATUMS) throw new Error(`${job.datums.processed} datums, not ${DATUMS}`);
  const began = performance.now();
  for (const name of buckets.slice(0, TIMED_STARTS))
    await submit("pipelines/etl.py", "--in", join(split, name), "--out", join(folder, "out", name));
  const peer = ((performance.now() - began) / TIMED_STARTS) * DATUMS;
  const peerName = `a spark-submit each, from ${TIMED_STARTS}`;
  return { work: `ETL of ${DATUMS} datums`, ours: msOf(job), peer, peerName, unit: "ms", limit: 1 / 10 };
}

async function benchWhole({ home, rows, env }: Bench, { commit, jobs }: WholeRun): Promise<Figure> {
  const raw = join(home, "raw");
  await run(process.execPath, [STEMMA, "get", `raw_data@${commit}:/`, "-o", raw], env);
  const began = performance.now();
  await submit(BARE, raw, join(home, "bare"));
  const peer = performance.now() - began;
  return { work: `ETL of ${rows} rows`, ours: msOf(jobs.etl), peer, peerName: "bare PySpark", unit: "ms", limit: 1.25 };
}

/** The jobs' programs are no part of us, and of the training it is the run: what the tracker takes before and after is ours. */
async function benchShare({ env, rows }: Bench, { commit, ms, jobs }: WholeRun): Promise<Figure> {
  const mlflow = findMlflow(env, ROOT);
  const experimentIds = [await mlflow.experimentId("paysim-fraud")];
  const [found] = await Array.fromAsync(mlflow.searchRuns({ experimentIds, filter: `tags.\`pachyderm.job\` = '${commit}'` }));
  const trainMs = (found?.endTime?.getTime() ?? Number.NaN) - (found?.startTime.getTime() ?? Number.NaN);
  const programs = jobs.split.stats.processMs + jobs.etl.stats.processMs + trainMs;
  const work = `engine, tracker and commits of ${rows} rows`;
  return { work, ours: ms - programs, peer: ms, peerName: "the whole", unit: "ms", limit: 0.1 };
}

async function benchDay(bench: Bench, first: WholeRun): Promise<Figure> {
  const day = Buffer.concat([...paysimText({ rows: Math.ceil(bench.rows / DAYS), seed: 99 })]);
  await bench.pachyderm.modifyBranch(branchOf("raw_data"), [{ kind: "put", path: "/day.csv", content: day }]);
  const { ms, jobs } = await lastRun(bench);
  const stages = STAGES.map((name) => `${name} ${Math.round(msOf(jobs[name]))} of ${Math.round(msOf(first.jobs[name]))} ms`);
  process.stderr.write(`one more day: ${stages.join(", ")}\n`);
  return { work: `one more day, 1/${DAYS}`, ours: ms, peer: first.ms, peerName: "the first run", unit: "ms", limit: 0.25 };
}

/** As the ETL's spec has it. */
async function submit(...words: readonly string[]): Promise<void> {
  const env = { ...jobEnvironment(process.env), SPARK_CONF_DIR: "pipelines/conf", SPARK_DRIVER_MEMORY: "1g" };
  await run("spark-submit", ["--master", "local[2]", ...words], env);
}

async function run(program: string, args: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const child = spawn(program, args, { cwd: ROOT, env, stdio: ["ignore", "ignore", "inherit"] });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}`);
}
