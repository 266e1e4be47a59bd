import type { PlanTables } from "./plan.ts";

interface Tally {
  readonly total: number;
  readonly failed: number;
}

/** Bytes and rows that tasks read or wrote. */
interface Volume {
  readonly bytes: number;
  readonly rows: number;
}

/** What one application of Spark did, by its own event log. */
export interface SparkSummary {
  readonly applicationId: string;
  readonly name: string;
  readonly sparkVersion?: string | undefined;
  readonly user: string;
  readonly master?: string | undefined;
  readonly startTime: string;
  /** Absent when the application was killed. */
  readonly endTime?: string | undefined;
  readonly completed: boolean;
  readonly jobs: Tally;
  /** Attempts of stages that ran: a stage that was skipped since its result was there does not count, one tried twice does so twice. */
  readonly stages: Tally;
  /** Attempts of tasks, likewise. One that was killed, since another was quicker or its job failed, has not failed. */
  readonly tasks: Tally;
  /**
   * Of tasks that succeeded. Rows are what Spark's tasks count: after filters that the reader itself applies (CSV and JSON;
   * Parquet skips whole row groups), again for each job that reads the same file, with the lines of `textFile`, with what was cached
   * (one row for each batch of up to 10,000), and without what the driver reads, what Python reads by itself, and sources that
   * do not report.
   */
  readonly input: Volume;
  /** Of tasks that succeeded; without what the driver writes, and with nothing where a data source does not report. */
  readonly output: Volume;
  readonly shuffle: { readonly readBytes: number; readonly writtenBytes: number };
  readonly spill: { readonly memoryBytes: number; readonly diskBytes: number };
  readonly executorRunTimeMs: number;
  readonly jvmGcTimeMs: number;
  /** Of the task with the most. */
  readonly peakExecutionMemoryBytes: number;
  /** Of the final plans, each once, sorted. Reading and writing of RDDs has no plan. */
  readonly tables: PlanTables & {
    /** How many there were beyond those that are kept, each time anew. */
    readonly leftOut: number;
  };
  /** Lines of the log that were damaged, cut off or too long. */
  readonly skippedLines: number;
}

/** The tags of a run for the applications that ran in it; none without any. */
export function sparkTags(summaries: readonly SparkSummary[]): Readonly<Record<string, string>> {
  if (summaries.length === 0) return {};
  const versions = new Set(summaries.flatMap(({ sparkVersion }) => sparkVersion ?? []));
  return {
    "spark.application_id": summaries.map(({ applicationId }) => applicationId).join(","),
    ...(versions.size === 0 ? {} : { "spark.version": [...versions].join(",") }),
  };
}

/** The metrics of a run: sums over its applications; none without any. */
export function sparkMetrics(summaries: readonly SparkSummary[]): Readonly<Record<string, number>> {
  if (summaries.length === 0) return {};
  const sum = (value: (summary: SparkSummary) => number): number =>
    summaries.reduce((total, summary) => total + value(summary), 0);
  return {
    "spark.stages": sum(({ stages }) => stages.total),
    "spark.tasks": sum(({ tasks }) => tasks.total),
    "spark.failed_tasks": sum(({ tasks }) => tasks.failed),
    "spark.input_bytes": sum(({ input }) => input.bytes),
    "spark.input_rows": sum(({ input }) => input.rows),
    "spark.output_bytes": sum(({ output }) => output.bytes),
    "spark.output_rows": sum(({ output }) => output.rows),
    "spark.shuffle_write_bytes": sum(({ shuffle }) => shuffle.writtenBytes),
    "spark.spill_memory_bytes": sum(({ spill }) => spill.memoryBytes),
    "spark.spill_disk_bytes": sum(({ spill }) => spill.diskBytes),
  };
}
