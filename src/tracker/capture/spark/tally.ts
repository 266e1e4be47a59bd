import { type JsonObject, numberAt, objectAt, parseObject, textAt } from "../../json.ts";
import { planTables } from "./plan.ts";
import type { SparkSummary } from "./summary.ts";
import { SparkTables } from "./tables.ts";
import { SparkTaskTally } from "./task-tally.ts";

/** The name of an event is the first that its line says; those of SQL begin with a package. */
const EVENT = /^\{"Event":"(?:[\w.]+\.)?(\w+)"/;

/** Adds up the lines of one application's event log. Damaged lines are counted, and never stop it. */
export class SparkTally {
  readonly #redact: (text: string) => string;
  readonly #tables: SparkTables;
  readonly #tasks = new SparkTaskTally();
  readonly #jobs = { total: 0, failed: 0 };
  readonly #stages = { total: 0, failed: 0 };
  #version: string | undefined;
  #master: string | undefined;
  #start: JsonObject | undefined;
  #end: JsonObject | undefined;
  #skippedLines = 0;

  constructor(redact: (text: string) => string) {
    this.#redact = redact;
    this.#tables = new SparkTables(redact);
  }

  /** A line that was too long to be read is undefined. */
  addLine(line: string | undefined): void {
    if (line === "") return;
    const name = EVENT.exec(line?.slice(0, 200) ?? "")?.[1];
    // Most lines are of no interest, and parsing costs the most.
    const add = name === undefined ? undefined : this.#events.get(name);
    if (name !== undefined && add === undefined && line?.endsWith("}")) return;
    const event = add === undefined || line === undefined ? undefined : parseObject(line);
    if (add === undefined || event === undefined) this.#skippedLines += 1;
    else add(event);
  }

  /** Undefined when no application has begun. */
  summary(): SparkSummary | undefined {
    const id = this.#start === undefined ? undefined : textAt(this.#start, "App ID");
    if (this.#start === undefined || id === undefined) return undefined;
    return {
      applicationId: id,
      name: this.#redact(textAt(this.#start, "App Name") ?? ""),
      sparkVersion: this.#version,
      user: textAt(this.#start, "User") ?? "",
      master: this.#master === undefined ? undefined : this.#redact(this.#master),
      startTime: timeOf(this.#start),
      endTime: this.#end === undefined ? undefined : timeOf(this.#end),
      completed: this.#end !== undefined,
      jobs: { ...this.#jobs },
      stages: { ...this.#stages },
      ...this.#tasks.summary(),
      tables: this.#tables.summary(),
      skippedLines: this.#skippedLines,
    };
  }

  readonly #events: ReadonlyMap<string, (event: JsonObject) => void> = new Map(
    Object.entries({
      SparkListenerLogStart: (event: JsonObject) => void (this.#version = textAt(event, "Spark Version")),
      SparkListenerEnvironmentUpdate: (event: JsonObject) =>
        void (this.#master = textAt(objectAt(event, "Spark Properties"), "spark.master")),
      SparkListenerApplicationStart: (event: JsonObject) => void (this.#start = event),
      SparkListenerApplicationEnd: (event: JsonObject) => void (this.#end = event),
      SparkListenerJobStart: () => void (this.#jobs.total += 1),
      SparkListenerJobEnd: (event: JsonObject) => this.#endJob(event),
      SparkListenerStageCompleted: (event: JsonObject) => this.#endStage(event),
      SparkListenerTaskEnd: (event: JsonObject) => this.#tasks.add(event),
      SparkListenerSQLExecutionStart: (event: JsonObject) =>
        this.#tables.begin(numberAt(event, "executionId"), numberAt(event, "rootExecutionId"), planTables(event)),
      SparkListenerSQLAdaptiveExecutionUpdate: (event: JsonObject) =>
        this.#tables.plan(numberAt(event, "executionId"), planTables(event)),
      SparkListenerSQLExecutionEnd: (event: JsonObject) =>
        this.#tables.end(numberAt(event, "executionId"), (textAt(event, "errorMessage") ?? "") !== ""),
    }),
  );

  #endJob(event: JsonObject): void {
    if (textAt(objectAt(event, "Job Result"), "Result") !== "JobSucceeded") this.#jobs.failed += 1;
  }

  #endStage(event: JsonObject): void {
    this.#stages.total += 1;
    if ("Failure Reason" in objectAt(event, "Stage Info")) this.#stages.failed += 1;
  }
}

/** Milliseconds of 1970; a number beyond what a date can be is damage, too. */
function timeOf(event: JsonObject): string {
  const time = new Date(numberAt(event, "Timestamp"));
  return Number.isNaN(time.getTime()) ? new Date(0).toISOString() : time.toISOString();
}
