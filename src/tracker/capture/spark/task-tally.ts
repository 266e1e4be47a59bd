import { type JsonObject, numberAt, objectAt, textAt } from "../../json.ts";
import type { SparkSummary } from "./summary.ts";

/** The sums over the tasks of an application. */
export class SparkTaskTally {
  readonly #tasks = { total: 0, failed: 0 };
  readonly #input = { bytes: 0, rows: 0 };
  readonly #output = { bytes: 0, rows: 0 };
  readonly #shuffle = { readBytes: 0, writtenBytes: 0 };
  readonly #spill = { memoryBytes: 0, diskBytes: 0 };
  #runTimeMs = 0;
  #gcTimeMs = 0;
  #peakBytes = 0;

  /** Takes a SparkListenerTaskEnd. */
  add(event: JsonObject): void {
    const reason = textAt(objectAt(event, "Task End Reason"), "Reason");
    // It was counted when it succeeded; now its result is lost with the executor, and another attempt follows.
    if (reason === "Resubmitted") return;
    this.#tasks.total += 1;
    if (objectAt(event, "Task Info")["Failed"] === true) this.#tasks.failed += 1;
    const metrics = objectAt(event, "Task Metrics");
    this.#addCost(metrics);
    if (reason === "Success") this.#addData(metrics);
  }

  summary(): Pick<
    SparkSummary,
    "tasks" | "input" | "output" | "shuffle" | "spill" | "executorRunTimeMs" | "jvmGcTimeMs" | "peakExecutionMemoryBytes"
  > {
    return {
      tasks: { ...this.#tasks },
      input: { ...this.#input },
      output: { ...this.#output },
      shuffle: { ...this.#shuffle },
      spill: { ...this.#spill },
      executorRunTimeMs: this.#runTimeMs,
      jvmGcTimeMs: this.#gcTimeMs,
      peakExecutionMemoryBytes: this.#peakBytes,
    };
  }

  #addCost(metrics: JsonObject): void {
    this.#runTimeMs += numberAt(metrics, "Executor Run Time");
    this.#gcTimeMs += numberAt(metrics, "JVM GC Time");
    this.#peakBytes = Math.max(this.#peakBytes, numberAt(metrics, "Peak Execution Memory"));
    this.#spill.memoryBytes += numberAt(metrics, "Memory Bytes Spilled");
    this.#spill.diskBytes += numberAt(metrics, "Disk Bytes Spilled");
  }

  #addData(metrics: JsonObject): void {
    const input = objectAt(metrics, "Input Metrics");
    this.#input.bytes += numberAt(input, "Bytes Read");
    this.#input.rows += numberAt(input, "Records Read");
    const output = objectAt(metrics, "Output Metrics");
    this.#output.bytes += numberAt(output, "Bytes Written");
    this.#output.rows += numberAt(output, "Records Written");
    const read = objectAt(metrics, "Shuffle Read Metrics");
    this.#shuffle.readBytes += numberAt(read, "Remote Bytes Read") + numberAt(read, "Local Bytes Read");
    this.#shuffle.writtenBytes += numberAt(objectAt(metrics, "Shuffle Write Metrics"), "Shuffle Bytes Written");
  }
}
