import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findMlflow } from "../src/cli/find-mlflow.ts";
import { findPachyderm } from "../src/cli/find-pachyderm.ts";
import type { MlflowClient } from "../src/mlflow/client.ts";
import type { PachydermClient } from "../src/pachyderm/client.ts";
import type { JobName, RepoName } from "../src/pachyderm/types.ts";
import { median } from "./figure.ts";
import { freePort } from "./free-port.ts";
import type { Figure } from "./figure.ts";

const LIMIT = 0.1;
const RAW_DATA: RepoName = { project: "default", name: "raw_data", type: "user" };
const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** From when to when a program of the pipelines ran, in milliseconds. */
interface Interval {
  readonly from: number;
  readonly to: number;
}

/**
 * Our own share of a fresh demo: from the put to the end of the last job, less the time in which at least one of split, Spark
 * and MLflow was at work. A datum's time counts as its program's, less what it takes to start nothing at all in the engine's
 * sandbox; of the tracked training only the time of its run, so that the tracker's start counts as ours.
 */
export async function benchDemo(): Promise<readonly Figure[]> {
  const home = mkdtempSync(join(tmpdir(), "stemma-bench-"));
  const env = { ...process.env, STEMMA_HOME: home, PACHD_ADDRESS: "", MLFLOW_TRACKING_URI: "" };
  try {
    const ports = ["--engine-port", String(await freePort()), "--mlflow-port", String(await freePort())];
    await runStemma(["demo", ...ports], env);
    using pachyderm = findPachyderm(env, ROOT);
    const { wholeMs, programsMs } = await measure(pachyderm, findMlflow(env, ROOT));
    return [
      {
        work: "demo, without split, Spark and MLflow",
        ours: wholeMs - programsMs,
        peer: wholeMs,
        peerName: "the whole",
        unit: "ms",
        limit: LIMIT,
      },
    ];
  } finally {
    await runStemma(["down"], env);
    rmSync(home, { recursive: true });
  }
}

async function measure(pachyderm: PachydermClient, mlflow: MlflowClient): Promise<{ wholeMs: number; programsMs: number }> {
  const { commit, started } = await pachyderm.inspectCommit({ repo: RAW_DATA, at: "master" });
  const jobs = await Array.fromAsync(pachyderm.inspectJobSet(commit.id));
  const ends = jobs.map(({ finished }) => finished?.getTime() ?? Number.NaN);
  const sandboxMs = await timeOfNothing(pachyderm);
  const intervals = await Promise.all(
    jobs.map(({ job }) =>
      job.pipeline.name === "train" ? runInterval(mlflow, commit.id) : programIntervals(pachyderm, job, sandboxMs),
    ),
  );
  return { wholeMs: Math.max(...ends) - started.getTime(), programsMs: lengthOf(intervals.flat()) };
}

/** A datum's program ends before its upload, which ends when the engine notes in the log that the datum succeeded. */
async function programIntervals(pachyderm: PachydermClient, job: JobName, sandboxMs: number): Promise<readonly Interval[]> {
  const endOf = new Map<string, number>();
  for await (const { user, datumId, time } of pachyderm.logs({ job })) {
    if (!user && time !== undefined) endOf.set(datumId, time.getTime());
  }
  const intervals: Interval[] = [];
  for await (const { id, state, stats } of pachyderm.listDatums(job)) {
    if (state !== "SUCCESS") continue;
    const to = (endOf.get(id) ?? Number.NaN) - stats.uploadMs;
    intervals.push({ from: to - stats.processMs + sandboxMs, to });
  }
  return intervals;
}

async function runInterval(mlflow: MlflowClient, jobId: string): Promise<readonly Interval[]> {
  const experimentIds = [await mlflow.experimentId("paysim-fraud")];
  const runs = await Array.fromAsync(mlflow.searchRuns({ experimentIds, filter: `tags.\`pachyderm.job\` = '${jobId}'` }));
  return runs.map(({ startTime, endTime }) => ({ from: startTime.getTime(), to: endTime?.getTime() ?? Number.NaN }));
}

/** How long the engine says that a datum's program took when it is `true`: the median of a few, one after the other. */
async function timeOfNothing(pachyderm: PachydermClient): Promise<number> {
  const input: RepoName = { ...RAW_DATA, name: "bench_nothing_in" };
  const name = { project: "default", name: "bench_nothing" };
  await pachyderm.createRepo(input);
  const files = Array.from({ length: 9 }, (_, index) => ({ kind: "put" as const, path: `/${index}`, content: Buffer.from("x") }));
  await pachyderm.modifyBranch({ repo: input, name: "master" }, files);
  await pachyderm.createPipeline(
    JSON.stringify({
      pipeline: { name: name.name },
      transform: { cmd: ["true"] },
      input: { pfs: { repo: input.name, glob: "/*" } },
    }),
  );
  const [job] = await Array.fromAsync(pachyderm.listJobs({ pipeline: name }));
  if (job === undefined) throw new Error("the pipeline that does nothing has no job");
  await pachyderm.inspectJob(job.job, { wait: true });
  return median((await Array.fromAsync(pachyderm.listDatums(job.job))).map(({ stats }) => stats.processMs));
}

/** How long at least one of them lasted. */
function lengthOf(intervals: readonly Interval[]): number {
  let length = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const { from, to } of [...intervals].sort((a, b) => a.from - b.from)) {
    length += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return length;
}

async function runStemma(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const child = spawn(process.execPath, [join(ROOT, "bin", "stemma.js"), ...args], {
    cwd: ROOT,
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`stemma ${args.join(" ")} ended with ${code}`);
}
