import { expander, findFile } from "../../src/collect/expand.ts";
import type { Sources } from "../../src/collect/ports.ts";
import { sync } from "../../src/collect/sync.ts";
import { StemmaError } from "../../src/lineage/errors.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import type { Urn } from "../../src/lineage/urn.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import type { Trace, WalkOptions } from "../../src/lineage/answer.ts";
import { walk } from "../../src/lineage/walk.ts";
import { randomFrom } from "../../src/stages/random.ts";
import type { Kind, Operation } from "./history.ts";
import { Servers } from "./history.ts";
import { Ledger } from "./ledger.ts";
import { MockMlflow } from "./mlflow-source.ts";
import { MockPachyderm } from "./pachyderm-source.ts";
import { commitOf, statementsOf } from "./statements.ts";
import { Tracking } from "./tracking.ts";
import { chance, pick, World } from "./world.ts";

/** After a sync that was killed nobody knows what was noted: what is taken away then has to be seen first. */
const TAKES_AWAY: ReadonlySet<Kind> = new Set(["squash", "drop", "deletePipeline", "forgetRun"]);

/** An index that follows the servers through a history, and the ledger of what it could see. */
export class Observer {
  readonly world = new World();
  readonly tracking = new Tracking();
  readonly #servers = new Servers(this.world, this.tracking);
  index = new LineageIndex(":memory:");
  ledger = new Ledger();
  #isSure = true;
  /** How many more questions are answered before the next one fails. */
  #left = Number.POSITIVE_INFINITY;
  #failure: Error = new Error("killed");

  readonly sources: Sources = {
    pachyderm: new MockPachyderm(this.world, () => this.#answer()),
    mlflow: new MockMlflow(this.tracking, () => this.#answer()),
  };

  async do(operation: Operation): Promise<void> {
    const random = randomFrom(operation.seed);
    switch (operation.kind) {
      case "sync":
        return this.sync(false);
      case "fullSync":
        return this.sync(true);
      case "killedSync":
        return this.#killedSync(1 + random.below(40), chance(random, 50));
      case "newIndex":
        this.index.close();
        this.index = new LineageIndex(":memory:");
        this.ledger = new Ledger();
        this.#isSure = true;
        return;
      case "ask":
        return this.#ask(operation.seed);
      default:
        // What is put away in MLflow is noticed for sure when everything is read.
        if (operation.kind === "forgetRun" && (this.ledger.said.size > 0 || !this.#isSure)) await this.sync(true);
        if (TAKES_AWAY.has(operation.kind) && !this.#isSure) await this.sync(false);
        this.#servers.do(operation);
    }
  }

  async sync(full: boolean): Promise<void> {
    const now = this.world.tick();
    const { gaps } = await sync(this.index, this.sources, { full, now: () => now });
    if (gaps.length > 0) throw new Error(`a sync that nothing hinders leaves gaps: ${JSON.stringify(gaps)}`);
    this.ledger.see(now, statementsOf(this.world, this.tracking), pointersOf(this.tracking));
    this.#isSure = true;
  }

  /** The file as a node of the index. */
  async find(commit: Urn, path: string): Promise<Urn | undefined> {
    const node = await findFile(this.index, this.sources, commit, path);
    return node === undefined ? undefined : formatUrn(node);
  }

  trace(root: Urn, options: WalkOptions): Promise<Trace> {
    return walk(this.index, root, options, expander(this.index, this.sources));
  }

  [Symbol.dispose](): void {
    this.index.close();
  }

  /** The process ends in the middle of something, or a server goes away. */
  async #killedSync(answers: number, isKilled: boolean): Promise<void> {
    this.#left = answers;
    this.#failure = isKilled ? new Error("killed") : new StemmaError("UNREACHABLE", "the server is away");
    this.#isSure = false;
    const now = this.world.tick();
    try {
      await sync(this.index, this.sources, { now: () => now });
    } catch (error) {
      if (error !== this.#failure) throw error;
    }
    // What was asked at the same time comes to its end, too.
    await new Promise((resolve) => setImmediate(resolve));
    this.#left = Number.POSITIVE_INFINITY;
  }

  /** A question in between, that makes the index read files. */
  async #ask(seed: number): Promise<void> {
    const commits = [...this.world.commits.values()].filter(({ name, files }) => name.repo.type === "user" && files.size > 0);
    const commit = pick(commits, seed);
    const urn = commit === undefined ? undefined : formatUrn(commitOf(commit.name));
    const path = pick([...(commit?.files.keys() ?? [])], seed);
    if (urn === undefined || path === undefined || this.index.record(urn) === undefined) return;
    const file = await this.find(urn, path);
    if (file !== undefined) await this.trace(file, { direction: seed % 2 === 0 ? "up" : "down" });
  }

  #answer(): void {
    this.#left -= 1;
    if (this.#left < 0) throw this.#failure;
  }
}

type Pointing = readonly [scope: string, name: string, target: Urn];

/** Where aliases and stages point. */
function pointersOf(tracking: Tracking): readonly Pointing[] {
  return tracking.registered().flatMap(({ name, aliases, latest }) => {
    const point = (scope: string, label: string, version: string): Pointing => [
      `${scope}:${name}`,
      label,
      formatUrn({ kind: "model-version", name, version: Number(version) }),
    ];
    const staged = latest.filter(({ stage }) => stage !== "None");
    const aliased = Object.entries(aliases).map(([alias, version]) => point("alias", alias, version));
    return aliased.concat(staged.map(({ stage, version }) => point("stage", stage, version)));
  });
}
