import type { PachydermClient } from "../../pachyderm/client.ts";
import type { JobInfo } from "../../pachyderm/types.ts";
import { drawTable, formatBytes } from "../table.ts";

/** What a stage took, and what went through it. */
interface StageReport {
  readonly stage: string;
  readonly ms: number;
  readonly datums: number | undefined;
  readonly rows: number | undefined;
  readonly bytesRead: number | undefined;
  readonly bytesWritten: number;
}

export interface PutReport {
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly rows: number;
  readonly bytes: number;
}

interface DemoReport {
  readonly stages: readonly StageReport[];
  /** From the beginning of the put to the end of the last job. */
  readonly ms: number;
  readonly peakBytes: number | undefined;
}

/** How many rows a stage has gone through, as its program says: `split: read 5 rows of 1 file …`, `etl: a.csv: 5 rows`. */
const ROWS_OF: Readonly<Record<string, RegExp>> = {
  split: /^split: read (\d+) rows /,
  etl: /^etl: .*: (\d+) rows$/,
};

/** What is known of a run of the demo without asking. */
interface Outcome {
  readonly put: PutReport;
  readonly jobs: readonly JobInfo[];
  /** How many customers the training has seen: its rows. */
  readonly customers: number;
  readonly peakBytes: number | undefined;
}

/** Puts together what a run of the demo took. Datums that were skipped cost nothing, and aren't counted. */
export async function makeReport(pachyderm: PachydermClient, { put, jobs, customers, peakBytes }: Outcome): Promise<DemoReport> {
  const { startedAt, finishedAt, rows, bytes } = put;
  const putStage = { stage: "put", ms: finishedAt.getTime() - startedAt.getTime(), datums: undefined, rows };
  const ends = jobs.map(({ finished }) => finished?.getTime() ?? Number.NaN);
  return {
    stages: [
      { ...putStage, bytesRead: undefined, bytesWritten: bytes },
      ...(await Promise.all(jobs.map((job) => reportJob(pachyderm, job, customers)))),
    ],
    ms: Math.max(...ends) - startedAt.getTime(),
    peakBytes,
  };
}

async function reportJob(pachyderm: PachydermClient, info: JobInfo, customers: number): Promise<StageReport> {
  const { started, finished, datums, stats } = info;
  return {
    stage: info.job.pipeline.name,
    ms: (finished?.getTime() ?? Number.NaN) - (started?.getTime() ?? Number.NaN),
    datums: datums.processed,
    rows: info.job.pipeline.name === "train" ? customers : await countRows(pachyderm, info),
    bytesRead: stats.downloadBytes,
    bytesWritten: stats.uploadBytes,
  };
}

async function countRows(pachyderm: PachydermClient, { job }: JobInfo): Promise<number | undefined> {
  const pattern = ROWS_OF[job.pipeline.name];
  if (pattern === undefined) return undefined;
  let rows = 0;
  for await (const { user, message } of pachyderm.logs({ job }))
    if (user) rows += Number(pattern.exec(message.trimEnd())?.[1] ?? 0);
  return rows;
}

export function drawReport({ stages, ms, peakBytes }: DemoReport): string {
  const rows = stages.map((each) => [
    each.stage,
    seconds(each.ms),
    orDash(each.datums, String),
    orDash(each.rows, (count) => count.toLocaleString("en")),
    orDash(each.bytesRead, formatBytes),
    formatBytes(each.bytesWritten),
  ]);
  const all = ["all", seconds(ms), "", "", "", ""];
  const table = drawTable(["stage", "time", "datums", "rows", "read", "written"], [...rows, all]);
  return peakBytes === undefined ? table : `${table}peak memory  ${formatBytes(peakBytes)} resident, all processes together\n`;
}

function orDash(value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? "-" : format(value);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
