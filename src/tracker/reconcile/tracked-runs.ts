import { StemmaError } from "../../lineage/errors.ts";
import type { Run } from "../../mlflow/types.ts";
import { RUN_TAGS } from "../delivery/run-tags.ts";
import { findDoubled } from "./doubled.ts";
import type { Finding } from "./finding.ts";
import type { KnownRuns } from "./findings-of-commits.ts";
import type { RunStore } from "./ports.ts";
import { type TrackedRun, isLive, toTrackedRun } from "./tracked-run.ts";

/** The runs of `stemma track` in some experiments, or in all. */
export class TrackedRuns implements KnownRuns {
  readonly #store: RunStore;
  readonly #byId: ReadonlyMap<string, TrackedRun>;
  readonly #byKey: ReadonlyMap<string, Run>;
  /** Ids and names; undefined for all. */
  readonly #experiments: ReadonlySet<string> | undefined;
  /** Runs that were made twice. The others stand for their work. */
  readonly doubled: readonly Finding[];
  readonly live: readonly TrackedRun[];

  constructor(store: RunStore, all: readonly TrackedRun[], experiments: ReadonlySet<string> | undefined, now: Date) {
    const candidates = all.filter(isLive);
    this.#store = store;
    this.#experiments = experiments;
    this.#byId = new Map(all.map((tracked) => [tracked.run.id, tracked]));
    this.doubled = findDoubled(candidates, now);
    const losers = new Set(this.doubled.map(({ run }) => run));
    this.live = candidates.filter(({ run }) => !losers.has(run.id));
    this.#byKey = new Map(this.live.map(({ run, key }) => [key, run]));
  }

  async findRun(id: string): Promise<Run | undefined> {
    if (id === "") return undefined;
    return this.#byId.get(id)?.run ?? (await this.#store.findRun(id));
  }

  runOfKey(key: string): Run | undefined {
    return this.#byKey.get(key);
  }

  isLookedAt(experiment: { readonly id: string } | { readonly name: string }): boolean {
    return this.#experiments?.has("id" in experiment ? `id ${experiment.id}` : `name ${experiment.name}`) ?? true;
  }
}

/** Asks MLflow for the runs of the experiments named, or of all when none is. NOT_FOUND for a name that it does not have. */
export async function loadTrackedRuns(store: RunStore, names: readonly string[], now: Date): Promise<TrackedRuns> {
  const all = await Array.fromAsync(store.listExperiments());
  const unknown = names.find((wanted) => !all.some(({ name }) => name === wanted));
  if (unknown !== undefined) throw new StemmaError("NOT_FOUND", `MLflow has no experiment "${unknown}".`);
  const chosen = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  const tracked: TrackedRun[] = [];
  const filter = `tags.\`${RUN_TAGS.key}\` IS NOT NULL`;
  const experimentIds = chosen.map(({ id }) => id);
  for await (const run of store.searchRuns({ experimentIds, filter, includeDeleted: true })) {
    const found = toTrackedRun(run);
    if (found !== undefined) tracked.push(found);
  }
  const looked = names.length === 0 ? undefined : new Set(chosen.flatMap(({ id, name }) => [`id ${id}`, `name ${name}`]));
  return new TrackedRuns(store, tracked, looked, now);
}
