import { appendFileSync, constants, writeFileSync } from "node:fs";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { StemmaError } from "../lineage/errors.ts";
import { encodeArtifactPath } from "../mlflow/artifact-path.ts";
import { checkName, checkTagKey, checkTags } from "./library-options.ts";
import { metricLine, pairLine, toScalarText } from "./library-lines.ts";
import type { ChildOptions, MetricDetails, Scalar, TrackedRun, TrackedWork } from "./library-types.ts";
import { parseKey } from "./report/scalars.ts";
import type { Session } from "./session.ts";

/** A child as its parent asks for it. */
export interface WantedChild {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface RunDetails {
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly startChild: <Value>(child: WantedChild, work: TrackedWork<Value>) => Promise<Value>;
}

/** Writes what a function reports into the files that a tracked command would write: the tracker takes it from there. */
export class ReportingRun implements TrackedRun {
  readonly signal: AbortSignal;
  readonly #session: Session;
  readonly #details: RunDetails;
  readonly #params = new Map<string, string>();
  readonly #childNames = new Set<string>();
  readonly #pending = new Set<Promise<unknown>>();
  #isOver = false;

  constructor(session: Session, details: RunDetails) {
    this.#session = session;
    this.#details = details;
    this.signal = details.signal;
    // With a first line of its own, a pair that reads like one is a pair.
    for (const name of ["params.csv", "tags.csv"]) writeFileSync(this.#reportFile(name), "key,value\n");
  }

  get id(): string | undefined {
    return this.#session.run?.id;
  }

  logParam(key: string, value: Scalar): void {
    this.logParams({ [key]: value });
  }

  logParams(params: Readonly<Record<string, Scalar>>): void {
    const pairs = Object.entries(params).map(([key, value]) => [parseKey(key), toScalarText(key, value)] as const);
    for (const [key, text] of pairs) this.#refuseChange(key, text);
    this.#append("params.csv", pairs.map(pairLine));
    for (const [key, text] of pairs) this.#params.set(key, text);
  }

  logMetric(key: string, value: number, details: MetricDetails = {}): void {
    this.logMetrics({ [key]: value }, details);
  }

  logMetrics(metrics: Readonly<Record<string, number>>, { step, time = this.#details.now() }: MetricDetails = {}): void {
    const lines = Object.entries(metrics).map(([key, value]) => metricLine({ key, value, step, time }));
    this.#append("metrics.jsonl", lines);
  }

  setTag(key: string, value: Scalar): void {
    this.setTags({ [key]: value });
  }

  setTags(tags: Readonly<Record<string, Scalar>>): void {
    const pairs = Object.entries(tags).map(([key, value]) => [checkTagKey(key), toScalarText(key, value)] as const);
    this.#append("tags.csv", pairs.map(pairLine));
  }

  logArtifact(path: string, as: string = basename(path)): Promise<void> {
    const source = resolve(this.#details.cwd, path);
    const options = { recursive: true, dereference: true, mode: constants.COPYFILE_FICLONE };
    return this.#place(as, (target) => cp(source, target, options));
  }

  logText(text: string, as: string): Promise<void> {
    return this.#place(as, (target) => writeFile(target, text));
  }

  async child<Value>(options: ChildOptions, work: TrackedWork<Value>): Promise<Value> {
    this.#refuseWhenOver();
    const name = this.#childName(checkName(options.name) ?? String(this.#childNames.size + 1));
    const tags = checkTags(options.tags);
    const signal = options.signal === undefined ? this.signal : AbortSignal.any([this.signal, options.signal]);
    return this.#keepInMind(this.#details.startChild({ name, tags, signal }, work));
  }

  /** Waits for what the function began and did not wait for. From then on nothing can be logged. */
  async close(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
    this.#isOver = true;
  }

  /** In a Pachyderm job a run is found again by its name, which must therefore be its own. */
  #childName(own: string): string {
    if (this.#childNames.has(own)) throw new StemmaError("USAGE", `this run has a child named "${own}" already`);
    this.#childNames.add(own);
    return `${this.#session.wanted.name}/${own}`;
  }

  #refuseChange(key: string, text: string): void {
    const before = this.#params.get(key);
    if (before !== undefined && before !== text)
      throw new StemmaError("USAGE", `the param "${key}" was logged as "${before}", and MLflow does not change it`);
  }

  #append(file: string, lines: readonly string[]): void {
    this.#refuseWhenOver();
    appendFileSync(this.#reportFile(file), lines.join(""));
  }

  async #place(as: string, write: (target: string) => Promise<void>): Promise<void> {
    this.#refuseWhenOver();
    encodeArtifactPath(as);
    const target = join(this.#session.folders.artifacts, as);
    await this.#keepInMind(mkdir(dirname(target), { recursive: true }).then(() => write(target)));
  }

  async #keepInMind<Value>(promise: Promise<Value>): Promise<Value> {
    this.#pending.add(promise);
    try {
      return await promise;
    } finally {
      this.#pending.delete(promise);
    }
  }

  #refuseWhenOver(): void {
    if (this.#isOver) throw new StemmaError("USAGE", "the run has ended: nothing more can be logged to it");
  }

  #reportFile(name: string): string {
    return join(this.#session.folders.report, name);
  }
}
