import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { StemmaError } from "../lineage/errors.ts";
import type { Metric, Run } from "../mlflow/types.ts";
import { ChildLog } from "./capture/child-log.ts";
import { toDataset } from "./capture/inputs.ts";
import { type Origin, readOrigin } from "./capture/origin.ts";
import { Redactor } from "./capture/secrets/redact.ts";
import { SystemMetrics } from "./capture/machine/system-metrics.ts";
import { type Surroundings, captureSurroundings } from "./capture/surroundings.ts";
import { Courier } from "./delivery/courier.ts";
import { type Item, metricItems } from "./delivery/items.ts";
import type { WantedRun } from "./delivery/open-run.ts";
import { RunDoor } from "./delivery/run-door.ts";
import { RUN_TAGS } from "./delivery/run-tags.ts";
import type { RecordOptions } from "./options.ts";
import type { TrackPorts } from "./ports.ts";
import { ArtifactScan } from "./report/artifact-scan.ts";
import { Complaints } from "./report/complaints.ts";
import { ParamBook, longParamPath } from "./report/param-book.ts";
import { Report } from "./report/report.ts";
import { sha256OfFile } from "./report/sha256.ts";
import { type SessionFolders, makeFolders } from "./session-folders.ts";
import { type SessionStart, wantedRun } from "./session-start.ts";

/** How long the start waits for a run: a busy server may take seconds. After that the command starts without one. */
const START_LIMIT_MS = 30_000;
/** Of the ticks, which come once a second, so many pass between two looks. */
const TICKS = { files: 5, system: 10, heartbeat: 60 } as const;

/** One attempt at a piece of work, from the opening of its run until its end is to be told. */
export class Session {
  readonly startTime: Date;
  /** What this attempt is known by. */
  readonly mark: string;
  readonly folders: SessionFolders;
  readonly origin: Origin;
  readonly wanted: WantedRun;
  readonly courier: Courier;
  readonly complaints: Complaints;
  readonly params: ParamBook;
  readonly report: Report;
  readonly artifacts: ArtifactScan;
  readonly log: ChildLog;
  readonly redactor: Redactor;
  readonly #ports: TrackPorts;
  readonly #options: RecordOptions;
  readonly #sentTags = new Map<string, string>();
  readonly #lastValues = new Map<string, number>();
  readonly #door: RunDoor;
  #system: SystemMetrics | undefined;
  #samples = 0;
  #ticks = 0;
  #bug: unknown;
  #surroundings: Promise<Surroundings> | undefined;
  #wasAway = false;

  private constructor(ports: TrackPorts, options: RecordOptions, start: SessionStart) {
    const { startTime, session, folders, origin, redactor } = start;
    this.#ports = ports;
    this.#options = options;
    this.startTime = startTime;
    this.mark = session;
    this.folders = folders;
    this.origin = origin;
    this.redactor = redactor;
    this.wanted = wantedRun(options, start);
    this.#door = new RunDoor(ports.runs, this.wanted);
    this.courier = new Courier({
      runs: ports.runs,
      door: this.#door,
      spoolFile: join(folders.root, "spool"),
      spoolLimitBytes: options.outboxLimitBytes,
      now: ports.now,
    });
    this.complaints = new Complaints(ports.say);
    this.params = new ParamBook(this.complaints);
    this.report = new Report(folders.report, this.complaints, ports.now);
    this.artifacts = new ArtifactScan(folders.artifacts, this.complaints);
    this.log = new ChildLog(folders.captured, (text) => redactor.text(text), ports.say);
  }

  /** Rejects before anything is begun when no run may be had: USAGE, or UNREACHABLE when tracking is required. */
  static async open(ports: TrackPorts, options: RecordOptions): Promise<Session> {
    const startTime = ports.now();
    const redactor = new Redactor({ env: options.env, names: options.redact });
    const origin = await readOrigin(ports, options, redactor);
    options.signal.throwIfAborted();
    const folders = await makeFolders();
    try {
      const session = new Session(ports, options, { startTime, session: ports.newKey(), folders, origin, redactor });
      await session.#openRun();
      return session;
    } catch (error) {
      await rm(folders.root, { recursive: true, force: true });
      throw error;
    }
  }

  get run(): Run | undefined {
    return this.courier.run;
  }

  /** Unknown when a run is continued by its id alone. */
  get experimentName(): string | undefined {
    const { runId, isExperimentGiven, experiment } = this.#options;
    return runId === undefined || isExperimentGiven ? experiment : undefined;
  }

  /** The inputs as data sets. */
  get datasets(): readonly ReturnType<typeof toDataset>[] {
    return (this.origin.resolved?.inputs ?? []).map((input) => toDataset(input, this.#options.context));
  }

  /** To be called when the command has started: looks around beside it. */
  begin(pid: number | undefined): void {
    if (this.run !== undefined) this.params.learn(this.run.params);
    this.courier.add({ kind: "inputs", datasets: this.datasets });
    // Its failure is told when it is waited for, at the end.
    this.#lookAround().catch(() => {});
    if (pid !== undefined) this.#system = new SystemMetrics(pid, this.#options.cwd);
  }

  /** Takes up what is new, once a second. */
  async tick(): Promise<void> {
    const ticks = this.#ticks++;
    await this.takeMetrics(false);
    if (ticks % TICKS.files === TICKS.files - 1) await this.#takeFiles();
    if (ticks % TICKS.system === 0) await this.#takeSample();
    if (ticks % TICKS.heartbeat === TICKS.heartbeat - 1) this.#beat();
    this.#tellOutage();
    this.pump();
  }

  async takeMetrics(isEnd: boolean): Promise<void> {
    for await (const metrics of this.report.readMetrics(isEnd)) this.addMetrics(metrics);
  }

  addMetrics(metrics: readonly Metric[]): void {
    for (const { key, value } of metrics) this.#lastValues.set(key, value);
    for (const item of metricItems(metrics)) this.courier.add(item);
  }

  /** Of each metric the value that was reported last. */
  get lastValues(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#lastValues);
  }

  async takeParams(isEnd: boolean): Promise<void> {
    const reported = this.redactor.pairs(await this.report.readParams(isEnd));
    const { params, long } = this.params.accept(reported);
    if (Object.keys(params).length > 0) this.courier.add({ kind: "params", params });
    for (const { key, value } of long) {
      this.#ports.say(
        `param "${key}" has ${value.length} characters: shortened in MLflow, whole in the artifact ${longParamPath(key)}`,
      );
      await this.takeText(longParamPath(key), value);
    }
  }

  async takeTags(isEnd: boolean): Promise<void> {
    const tags = this.redactor.pairs(await this.report.readTags(isEnd));
    this.addTags(Object.fromEntries(Object.entries(tags).filter(([key, value]) => this.#sentTags.get(key) !== value)));
  }

  addTags(tags: Readonly<Record<string, string>>): void {
    for (const [key, value] of Object.entries(tags)) this.#sentTags.set(key, value);
    if (Object.keys(tags).length > 0) this.courier.add({ kind: "tags", tags });
  }

  /** Keeps a text of our own as an artifact. */
  async takeText(path: string, text: string): Promise<void> {
    const at = join(this.folders.captured, path);
    try {
      await mkdir(dirname(at), { recursive: true });
      await writeFile(at, text);
      const file = { path, sizeBytes: Buffer.byteLength(text), sha256: await sha256OfFile(at), at };
      this.ownFiles.push(file);
      this.courier.add({ kind: "artifact", file });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      this.#ports.say(`${path} is not recorded: ${code}`);
    }
  }

  /** Artifacts that are not the command's. */
  readonly ownFiles: (Item & { readonly kind: "artifact" })["file"][] = [];

  /** Tags that were set beside those of the opening. */
  get tags(): Readonly<Record<string, string>> {
    return { ...this.wanted.tags, ...Object.fromEntries(this.#sentTags) };
  }

  /** What was found when looking around; made artifacts and tags of the run on the way. */
  async takeSurroundings(): Promise<Surroundings> {
    const found = await this.#lookAround();
    this.addTags(found.tags);
    for (const { path, text } of found.texts) await this.takeText(path, text);
    const { resolved } = this.origin;
    if (resolved?.specJson !== undefined) await this.takeText("pachyderm/pipeline.json", this.redactor.text(resolved.specJson));
    return found;
  }

  #lookAround(): Promise<Surroundings> {
    const { command, cwd, env, version } = this.#options;
    const { git } = this.origin;
    this.#surroundings ??= captureSurroundings({ command, cwd, env, git, redactor: this.redactor, version });
    return this.#surroundings;
  }

  /** The run's page in MLflow. */
  get link(): string | undefined {
    return this.run && this.#ports.runs.runLink(this.run);
  }

  async #openRun(): Promise<void> {
    const { isTrackingRequired } = this.#options;
    const limit = new AbortController();
    try {
      const timeLimit = pause(START_LIMIT_MS, undefined, { ref: false, signal: limit.signal }).then(() => {
        throw new StemmaError("UNREACHABLE", `MLflow at ${this.#ports.runs.uri} gave no run within ${START_LIMIT_MS / 1000} s.`);
      });
      const opening = this.#door.open();
      await Promise.race([opening, timeLimit]);
    } catch (error) {
      const mayWait = error instanceof StemmaError && (error.code === "UNREACHABLE" || error.code === "FAILED");
      if (!mayWait || isTrackingRequired) throw error;
      this.#wasAway = true;
      this.courier.noteAway(this.startTime);
      this.#ports.say(`the command runs, and what is to be recorded waits: ${error.message}`);
    } finally {
      limit.abort();
    }
  }

  async #takeFiles(): Promise<void> {
    await this.takeParams(false);
    await this.takeTags(false);
    for (const item of await this.artifacts.settled()) this.courier.add(item);
    if (this.courier.isIdle) for (const file of await this.log.grown()) this.courier.add({ kind: "artifact", file });
  }

  async #takeSample(): Promise<void> {
    const sample = (await this.#system?.sample()) ?? [];
    const time = this.#ports.now();
    const step = this.#samples++;
    this.addMetrics(sample.map(({ key, value }) => ({ key, value, step, time })));
  }

  /** Sets the courier going, and does not wait for it: MLflow may be slow. */
  pump(): void {
    if (this.#bug !== undefined) throw this.#bug;
    this.courier.pump().catch((error: unknown) => (this.#bug ??= error));
  }

  /** Says once that MLflow is away. */
  #tellOutage(): void {
    const { obstacle } = this.courier;
    if (obstacle !== undefined && !this.#wasAway)
      this.#ports.say(`the command goes on, what it reports waits: ${obstacle.message}`);
    this.#wasAway = obstacle !== undefined;
  }

  #beat(): void {
    if (this.courier.isOnline)
      this.courier.add({ kind: "tags", tags: { [RUN_TAGS.heartbeat]: this.#ports.now().toISOString() } });
  }
}
