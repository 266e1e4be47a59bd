import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { StemmaError } from "../../src/lineage/errors.ts";
import { count, seed } from "../helpers/scale.ts";
import { EngineProcess } from "./engine-process.ts";
import { PipelineWorker } from "./pipeline-worker.ts";
import { Random } from "./random.ts";
import { Remote } from "./remote.ts";
import { RepoWorker } from "./repo-worker.ts";

/** So often all jobs are waited for. */
const SETTLE_EVERY = 20;
const MOST_OPERATIONS = 8;
const MOST_MS = 40;
/** So long the longest wait for jobs may take on a machine that is busy. */
const MS_PER_INSTANT = 20_000;

const INSTANTS = count(100);

/** Clients at work on one home, whose engine is killed again and again. */
class Story {
  readonly #home: string;
  readonly #random: Random;
  readonly #workers: readonly RepoWorker[];
  readonly #pipeline: PipelineWorker;
  #next = new EngineProcess();

  constructor(home: string, random: Random) {
    this.#home = home;
    this.#random = random;
    this.#workers = ["one", "two", "three"].map((name) => new RepoWorker(name, random.fork()));
    this.#pipeline = new PipelineWorker("copy", random.fork());
  }

  async begin(): Promise<void> {
    await this.#withEngine(async (remote) => {
      for (const worker of [...this.#workers, this.#pipeline]) await worker.begin(remote);
    });
  }

  /** An engine starts, is found to have lost nothing, is put to work, and is killed in the middle of it. */
  async instant(number: number): Promise<void> {
    if (this.#random.chance(0.1)) await this.#killWhileStarting();
    const settles = number % SETTLE_EVERY === 0;
    await this.#withEngine(async (remote, engine) => {
      await this.#check(remote, settles);
      await this.#workUntilKilled(remote, engine);
    });
  }

  /** Answers how many commits there are after the last check. */
  async end(): Promise<number> {
    let commits = 0;
    await this.#withEngine(async (remote) => {
      await this.#check(remote, true);
      for await (const { repo } of remote.client.listRepos()) for await (const _ of remote.client.listCommits(repo)) commits += 1;
    });
    return commits;
  }

  async close(): Promise<void> {
    await this.#next.kill();
  }

  async #withEngine(use: (remote: Remote, engine: EngineProcess) => Promise<void>): Promise<void> {
    const engine = await this.#takeEngine();
    try {
      const address = await engine.start(this.#home);
      if (address === undefined) throw new Error(`the engine does not start:\n${engine.log}`);
      using remote = new Remote(address);
      await use(remote, engine);
      if (/internal error|is a bug/.test(engine.log)) throw new Error(`the engine's log has errors:\n${engine.log}`);
    } catch (error) {
      throw new Error(`${(error as Error).message}\nThe engine's log:\n${engine.log}`, { cause: error });
    } finally {
      await engine.kill();
    }
  }

  /** The one that has loaded its code meanwhile; the next one begins to. */
  async #takeEngine(): Promise<EngineProcess> {
    const engine = this.#next;
    await engine.loaded();
    this.#next = new EngineProcess();
    return engine;
  }

  async #killWhileStarting(): Promise<void> {
    const engine = await this.#takeEngine();
    const kill = this.#afterRandomTime(200, () => engine.kill());
    await engine.start(this.#home);
    await kill;
  }

  async #check(remote: Remote, settles: boolean): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.check(remote)));
    await this.#pipeline.check(remote, { wait: settles });
    const findings = await Array.fromAsync(remote.client.checkStore());
    if (findings.length > 0) throw new Error(`fsck: ${findings.map(({ text }) => text).join("; ")}`);
  }

  /** The instant is a random time after a random number of operations that were begun or have ended; clean-up begins before. */
  async #workUntilKilled(remote: Remote, engine: EngineProcess): Promise<void> {
    let left = this.#random.below(MOST_OPERATIONS);
    const cleansAt = this.#random.below(left + 1);
    const ending = new AbortController();
    const besides: Promise<void>[] = [];
    const expectKill = (error: unknown): void => {
      if (!ending.signal.aborted || !(error instanceof StemmaError) || error.code !== "UNREACHABLE") throw error;
    };
    const kill = (): Promise<void> => {
      ending.abort();
      return engine.kill();
    };
    const tick = (): void => {
      if (left === cleansAt) besides.push(collectGarbage(remote).catch(expectKill));
      if (left === 0) besides.push(this.#afterRandomTime(MOST_MS, kill));
      left -= 1;
    };
    const workers = [...this.#workers, this.#pipeline].map(async (worker) => {
      while (!ending.signal.aborted) {
        tick();
        await worker.work(remote).catch(expectKill);
        tick();
      }
    });
    await Promise.all(workers);
    await Promise.all(besides);
  }

  #afterRandomTime(mostMs: number, act: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      setTimeout(() => void act().then(resolve, reject), this.#random.below(mostMs));
    });
  }
}

async function collectGarbage({ client }: Remote): Promise<void> {
  await Array.fromAsync(client.collectGarbage());
}

test(
  `an engine that is killed at ${INSTANTS} random instants loses nothing and shows nothing half`,
  { timeout: INSTANTS * MS_PER_INSTANT },
  async () => {
    const home = await mkdtemp(join(tmpdir(), "stemma-kill-"));
    const drawn = seed();
    const story = new Story(home, new Random(drawn));
    try {
      await story.begin();
      for (let instant = 1; instant <= INSTANTS; instant += 1) {
        await story.instant(instant).catch((error: unknown) => {
          throw new Error(`seed ${drawn}, instant ${instant}: ${(error as Error).message}`, { cause: error });
        });
      }
      expect(await story.end()).toBeGreaterThan(0);
    } finally {
      await story.close();
      await rm(home, { recursive: true });
    }
  },
);
