import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { jobEnvironment } from "../../src/local/job-environment.ts";
import { FRAUD_TYPES, paysimText } from "../../src/stages/paysim.ts";
import { splitTables } from "../../src/stages/split.ts";
import { count } from "../helpers/scale.ts";
import { type SparkResult, submit } from "../helpers/spark.ts";

/** A cluster's programs each start a JVM more, and on a busy machine that takes minutes. */
const TIMEOUT_MS = 900_000;

/** `npm run test:long -- standalone`: a master and two workers of Spark's own, as processes of this machine. */
describe.skipIf(count(0) === 0)("Spark beyond one machine (by npm run test:long -- standalone: it starts five JVMs)", () => {
  const folder = join(tmpdir(), `stemma-standalone-${process.pid}`);
  const processes: ChildProcess[] = [];
  let master: string;
  let page: string;
  let etls: SparkResult[];
  let trainings: SparkResult[];

  beforeAll(async () => {
    const [port, webPort] = [await freePort(), await freePort()];
    [master, page] = [`spark://127.0.0.1:${port}`, `http://127.0.0.1:${webPort}`];
    start("master.Master", "--port", String(port), "--webui-port", String(webPort));
    await vi.waitUntil(async () => (await clusterState()).status === "ALIVE", { timeout: TIMEOUT_MS, interval: 500 });
    for (const name of ["one", "two"]) {
      const place = ["--work-dir", join(folder, name), "--cores", "1", "--memory", "1g", "--webui-port", "0"];
      start("worker.Worker", ...place, master);
    }
    await vi.waitUntil(async () => (await clusterState()).aliveworkers === 2, { timeout: TIMEOUT_MS, interval: 500 });
    mkdirSync(join(folder, "raw"), { recursive: true });
    writeFileSync(join(folder, "raw", "day.csv"), Buffer.concat([...paysimText({ rows: 4000, seed: 1 })]));
    const split = { from: join(folder, "raw"), to: join(folder, "split"), by: { buckets: 3 } };
    await splitTables({ ...split, types: FRAUD_TYPES, maxBad: 0, onBad: () => undefined });
    etls = [await etl("local[*]", "here"), await etl(master, "there")];
    trainings = [await train("local[*]", "here"), await train(master, "there")];
  }, 2 * TIMEOUT_MS);
  afterAll(async () => {
    for (const child of processes.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, "exit");
      child.kill();
      await ended;
    }
    rmSync(folder, { recursive: true });
  });

  /** spark-class becomes the JVM itself. */
  function start(name: string, ...args: string[]): void {
    const env = { ...jobEnvironment(process.env), SPARK_DAEMON_MEMORY: "256m", SPARK_CONF_DIR: "pipelines/conf" };
    const words = [`org.apache.spark.deploy.${name}`, "--host", "127.0.0.1", ...args];
    processes.push(spawn("spark-class", words, { env, stdio: "ignore" }));
  }

  interface ClusterState {
    readonly status?: string;
    readonly aliveworkers?: number;
    readonly completedapps?: readonly { readonly name: string; readonly state: string; readonly cores: number }[];
  }

  /** Nothing while it can't be asked. */
  async function clusterState(): Promise<ClusterState> {
    return fetch(`${page}/json/`).then(
      async (answer) => (await answer.json()) as ClusterState,
      () => ({}),
    );
  }

  function etl(where: string, name: string): Promise<SparkResult> {
    return submit([...on(where), "pipelines/etl.py", "--in", join(folder, "split"), "--out", join(folder, "etl", name)]);
  }

  function train(where: string, name: string): Promise<SparkResult> {
    const artifacts = join(folder, "artifacts", name);
    mkdirSync(artifacts, { recursive: true });
    const program = ["pipelines/train.py", "--in", join(folder, "etl", name), "--out", join(folder, "model", name)];
    return submit([...on(where), ...program], { STEMMA_ARTIFACTS: artifacts });
  }

  test("the ETL writes the same bytes on the cluster as here", () => {
    expect(etls.map(({ exitCode, err }) => ({ exitCode, err }))).toEqual([
      { exitCode: 0, err: "" },
      { exitCode: 0, err: "" },
    ]);
    const [here, there] = ["here", "there"].map((name) => readBelow(join(folder, "etl", name)));
    expect([...(here?.keys() ?? [])]).toEqual(["bucket-00/day.csv", "bucket-01/day.csv", "bucket-02/day.csv"]);
    expect(there).toEqual(here);
  });

  test("training gives the same params, metrics and tree", () => {
    const [here, there] = trainings;
    expect(here).toMatchObject({ exitCode: 0, err: "" });
    expect(JSON.parse(here?.out ?? "")).toMatchObject({ metrics: { "PR train": expect.any(Number) } });
    expect(there).toEqual(here);
    const trees = ["here", "there"].map((name) => readFileSync(join(folder, "artifacts", name, "tree.txt"), "utf8"));
    expect(trees[0]).toContain("If (feature");
    expect(trees[1]).toBe(trees[0]);
  });

  test("both ran there, on both workers", async () => {
    const { completedapps = [] } = await clusterState();
    expect(completedapps.map(({ name, state, cores }) => ({ name, state, cores }))).toEqual([
      { name: "etl", state: "FINISHED", cores: 2 },
      { name: "train", state: "FINISHED", cores: 2 },
    ]);
  });
});

function on(where: string): string[] {
  return ["--master", where, "--conf", "spark.executor.memory=600m", "--conf", "spark.executor.cores=1"];
}

/** The text of each file by its path. */
function readBelow(folder: string): Map<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".csv"));
  return new Map(paths.toSorted().map((path) => [path, readFileSync(join(folder, path), "utf8")]));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
