import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { StemmaError } from "../../src/lineage/errors.ts";
import { MlflowClient } from "../../src/mlflow/client.ts";
import type { Run } from "../../src/mlflow/types.ts";
import { readOutbox } from "../../src/tracker/delivery/read-outbox.ts";
import { type Replayed, replay } from "../../src/tracker/delivery/replay.ts";
import { type MlflowServer, startMlflowServer } from "../helpers/mlflow-server.ts";
import { count, seed } from "../helpers/scale.ts";
import { Random } from "./random.ts";
import { sideBySide } from "./side-by-side.ts";
import { checkCard, checkRun, liveRuns } from "./tracking-check.ts";
import { type Done, outboxesOf, runCommand } from "./tracking-commands.ts";
import { FAULT_NAMES, drawFault } from "./tracking-faults.ts";
import { AWAY, type Schedule, TrackingProxy } from "./tracking-proxy.ts";

const COMMANDS = count(50);
const AT_A_TIME = 10;
/** So often the server is killed and started again. */
const RESTART_EVERY = 50;
const TIMEOUT_MS = 1000;
/** The share of requests that something happens to; that to make a run is the one that must not be made twice. */
const FAULT_SHARE = { create: 0.6, other: 0.15 };
const EXPERIMENT = "through the proxy";
/** So long a command may take on a machine that is busy. */
const MS_PER_COMMAND = 10_000;

/** Commands that are tracked through a network and a server that fail. */
async function runCommands(server: MlflowServer, proxy: TrackingProxy, random: Random, folder: string): Promise<Done[]> {
  const setting = { uri: proxy.uri, timeoutMs: TIMEOUT_MS, experiment: EXPERIMENT };
  let restarting = Promise.resolve();
  const restart = async (): Promise<void> => {
    await server.kill();
    await server.start();
  };
  return sideBySide(Array(COMMANDS).keys(), AT_A_TIME, async (number) => {
    const command = runCommand(setting, random.fork(), join(folder, String(number)));
    if (number % RESTART_EVERY === RESTART_EVERY / 2) restarting = proxy.away(restart);
    const done = await command;
    await restarting;
    return done;
  });
}

/** Tells MLflow what it was not told yet. Answers what came of each outbox, undefined where MLflow failed meanwhile. */
async function replayAll(client: MlflowClient, done: readonly Done[]): Promise<(Replayed | undefined)[]> {
  const outboxes = await Promise.all(done.map(({ job }) => outboxesOf(job)));
  return sideBySide(outboxes.flat(), AT_A_TIME, async (folder) => {
    try {
      return await replay(client, await readOutbox(folder), new Date());
    } catch (error) {
      if (error instanceof StemmaError && (error.code === "UNREACHABLE" || error.code === "FAILED")) return undefined;
      throw error;
    }
  });
}

/** Looks at MLflow directly. Answers how many runs lost to another one of their key. */
async function checkAll(client: MlflowClient, done: readonly Done[]): Promise<number> {
  const { live, losers } = await liveRuns(client, EXPERIMENT);
  const problems = await sideBySide(done, AT_A_TIME, async (each) => {
    try {
      await checkCommand(client, each, live.get(each.job.key) ?? []);
      return [];
    } catch (error) {
      return [`${each.job.key}\n${each.said.join("\n")}\n${(error as Error).message}`];
    }
  });
  expect(problems.flat()).toEqual([]);
  expect(Array.from(live.keys()).sort()).toEqual(done.map(({ job }) => job.key).sort());
  expect(losers.filter(({ status }) => status !== "KILLED")).toEqual([]);
  return losers.length;
}

async function checkCommand(client: MlflowClient, done: Done, runs: readonly Run[]): Promise<void> {
  const [run, ...doubles] = runs;
  if (run === undefined || doubles.length > 0) throw new Error(`${runs.length} live runs: ${runs.map(({ id }) => id).join(" ")}`);
  expect(done.exitCode).toBe(done.plan.exitCode);
  await checkRun(client, run, done);
  await checkCard(done, run, await outboxesOf(done.job));
}

test(
  `${COMMANDS} commands that are tracked through a failing network leave one run each, with all that they reported, once`,
  { timeout: 120_000 + COMMANDS * MS_PER_COMMAND },
  async () => {
    const drawn = seed();
    const random = new Random(drawn);
    const folder = await mkdtemp(join(tmpdir(), "stemma-proxy-"));
    const server = await startMlflowServer();
    const draws = random.fork();
    const setting = { timeoutMs: TIMEOUT_MS, random: random.fork() };
    const schedule: Schedule = ({ path }) =>
      drawFault(draws, path.endsWith("/runs/create") ? FAULT_SHARE.create : FAULT_SHARE.other);
    const proxy = await new TrackingProxy(server.uri, setting, schedule).open();
    try {
      const done = await runCommands(server, proxy, random, folder);
      await replayAll(new MlflowClient({ uri: proxy.uri, timeoutMs: TIMEOUT_MS }), done);
      await proxy.quiesce();
      const client = new MlflowClient({ uri: server.uri });
      const replayed = await replayAll(client, done);
      expect(replayed.filter((each) => each?.refused.length !== 0)).toEqual([]);
      const doubled = await checkAll(client, done);
      expect([...FAULT_NAMES, AWAY].filter((name) => !proxy.dealt.has(name))).toEqual([]);
      const faults = Array.from(proxy.dealt, ([name, times]) => `${times} × ${name}`).join(", ");
      console.log(`${COMMANDS} commands: ${faults}; ${doubled} runs doubled and closed, ${replayed.length} outboxes replayed.`);
    } catch (error) {
      throw new Error(`seed ${drawn}: ${(error as Error).message}`, { cause: error });
    } finally {
      await proxy.close();
      await server.close();
      await rm(folder, { recursive: true });
    }
  },
);
