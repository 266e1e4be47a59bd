import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, inject } from "vitest";
import type { Context } from "../../src/cli/context.ts";
import { runProgram } from "../../src/cli/program.ts";
import { MlflowClient } from "../../src/mlflow/client.ts";
import type { Run } from "../../src/mlflow/types.ts";
import { testContext } from "../cli/terminal.ts";
import { newExperiment } from "../mlflow/fixtures.ts";

/** The launcher, as users start it. */
export const PROGRAM = fileURLToPath(new URL("../../bin/stemma.js", import.meta.url));

export const PYTHON = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));

export const client = new MlflowClient({ uri: inject("mlflowUri") });

export interface TrackSetting {
  /** In place of the tests' MLflow server. */
  readonly mlflow?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** `stemma track` in a process of its own, in an experiment of its own unless told otherwise. */
export class TrackProcess {
  readonly experiment = newExperiment();
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  #stdout = "";
  #stderr = "";

  constructor(argv: readonly string[], { mlflow = client.uri, env = {}, cwd = tmpdir() }: TrackSetting = {}) {
    this.#process = spawn(process.execPath, [PROGRAM, "track", ...argv], {
      cwd,
      env: trackEnvironment(mlflow, this.experiment, env),
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#process.stdout?.on("data", (bytes: Buffer) => (this.#stdout += bytes.toString()));
    this.#process.stderr?.on("data", (bytes: Buffer) => (this.#stderr += bytes.toString()));
    this.#ended = once(this.#process, "close");
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  async exitCode(): Promise<number | null> {
    await this.#ended;
    return this.#process.exitCode;
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Waits until a text is on stdout or stderr. */
  async sees(text: string): Promise<void> {
    const streams = [this.#process.stdout, this.#process.stderr].filter((stream) => stream !== null);
    while (!(this.#stdout + this.#stderr).includes(text)) {
      if (this.#process.exitCode !== null) throw new Error(`it ended without "${text}":\n${this.#stdout}${this.#stderr}`);
      const stopWaiting = new AbortController();
      const news = [...streams.map((stream) => once(stream, "data", stopWaiting)), this.#ended];
      await Promise.race(news.map((promise) => promise.catch(ignoreAbort)));
      stopWaiting.abort();
    }
  }

  /** The run that the first line on stderr links to. */
  run(): Promise<Run> {
    return runOf(this.#stderr);
  }
}

function ignoreAbort(error: Error): void {
  if (error.name !== "AbortError") throw error;
}

interface TrackHereSetting extends TrackSetting {
  /** Told what has been said so far. */
  readonly onSay?: (said: string) => void;
  /** In place of what the tracker would have. */
  readonly context?: Partial<Context>;
}

/** How a command ended that was tracked in this process. */
interface Tracked {
  readonly code: number;
  /** What the tracker said. */
  readonly said: string;
  readonly experiment: string;
  readonly run: () => Promise<Run>;
}

/**
 * `stemma track` in this process, which is quicker. The command shares the test's stdout and stderr: it had better print nothing.
 */
export async function trackHere(
  argv: readonly string[],
  { mlflow = client.uri, env = {}, cwd = tmpdir(), onSay, context }: TrackHereSetting = {},
): Promise<Tracked> {
  const experiment = env["MLFLOW_EXPERIMENT_NAME"] ?? newExperiment();
  let said = "";
  const place = { cwd, env: trackEnvironment(mlflow, experiment, env) };
  const err = (text: string): void => {
    said += text;
    onSay?.(said);
  };
  const code = await runProgram(testContext(place, { err, ...context }), ["track", ...argv]);
  return { code, said, experiment, run: () => runOf(said) };
}

function trackEnvironment(mlflow: string, experiment: string, env: TrackSetting["env"]): Record<string, string | undefined> {
  return {
    PATH: process.env["PATH"],
    USER: "tester",
    MLFLOW_DISABLE_TELEMETRY: process.env["MLFLOW_DISABLE_TELEMETRY"],
    MLFLOW_TRACKING_URI: mlflow,
    MLFLOW_EXPERIMENT_NAME: experiment,
    ...env,
  };
}

/** The run that the first line links to. */
function runOf(said: string): Promise<Run> {
  const id = /\/runs\/([0-9a-f]{32})/.exec(said)?.[1];
  if (id === undefined) throw new Error(`no run in:\n${said}`);
  return client.inspectRun(id);
}

/** Runs `stemma track` to its end. */
export async function runTrack(
  argv: readonly string[],
  setting: TrackSetting = {},
): Promise<TrackProcess & { readonly code: number | null }> {
  const track = new TrackProcess(argv, setting);
  return Object.assign(track, { code: await track.exitCode() });
}

const folders: string[] = [];

/** A folder that is gone when the test file is done. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "stemma-test-"));
  folders.push(folder);
  return folder;
}

afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** 32 hexadecimal digits. */
export function newId(): string {
  return randomUUID().replaceAll("-", "");
}
