import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Output, download, makeDatumFolder, upload } from "./datum-folder.ts";
import { type Datum, type DatumState, type DatumStats, NO_STATS } from "./datums.ts";
import type { JobRow } from "./jobs.ts";
import type { PipelineSpec, Program } from "./pipeline-spec.ts";
import type { Launch, Sandbox } from "./sandbox.ts";
import type { EngineState } from "./state.ts";
import { runUserProcess } from "./user-process.ts";

/** What a worker needs to run the datums of one job. */
export interface WorkerJob {
  readonly state: EngineState;
  readonly sandbox: Sandbox;
  readonly job: JobRow;
  readonly spec: PipelineSpec;
  /** The engine's own environment, the pipeline's variables and its secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where commands run whose spec names no folder, as an image's own working folder does. */
  readonly workingDirectory: string;
  readonly signal: AbortSignal;
  /** A line of the log: `user` for the command's own output. */
  readonly log: (datum: string, user: boolean, message: string) => void;
}

export interface WorkerResult {
  readonly state: DatumState;
  readonly outputs: readonly Output[];
  readonly stats: DatumStats;
}

/** Runs one datum: tries as often as the spec allows, then its error handler. Its folders are gone afterwards. */
export async function runDatum(work: WorkerJob, datum: Datum): Promise<WorkerResult> {
  const folder = join(work.state.home, "work", String(work.job.id), datum.id);
  try {
    for (let attempt = 1; attempt <= work.spec.datumTries && !work.signal.aborted; attempt += 1) {
      const result = await tryDatum(work, datum, folder, attempt);
      if (result !== undefined) return result;
    }
    return { state: await recover(work, datum, folder), outputs: [], stats: NO_STATS };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function tryDatum(work: WorkerJob, datum: Datum, path: string, attempt: number): Promise<WorkerResult | undefined> {
  const say = (message: string): void => work.log(datum.id, false, message);
  const folder = await makeDatumFolder(path);
  const started = performance.now();
  const downloadBytes = await download(work.state, datum, folder.pfs);
  const processing = performance.now();
  const { code, reason } = await run(work, datum, work.spec.program, folder);
  const uploading = performance.now();
  if (reason !== "" || (code !== 0 && !work.spec.acceptedCodes.includes(code))) {
    say(`attempt ${attempt} of ${work.spec.datumTries} failed: ${reason || `exit code ${code}`}`);
    return undefined;
  }
  try {
    const outputs = await upload(work.state, folder.pfs);
    const stats: DatumStats = {
      downloadMs: processing - started,
      processMs: uploading - processing,
      uploadMs: performance.now() - uploading,
      downloadBytes,
      uploadBytes: outputs.reduce((sum, output) => sum + output.content.bytes, 0),
    };
    say(`attempt ${attempt} succeeded in ${Math.round(stats.processMs)} ms`);
    return { state: "SUCCESS", outputs, stats };
  } catch (error) {
    say(`attempt ${attempt} of ${work.spec.datumTries} failed: ${(error as Error).message}`);
    return undefined;
  }
}

async function recover(work: WorkerJob, datum: Datum, path: string): Promise<DatumState> {
  if (work.spec.onError.command.length === 0 || work.signal.aborted) return "FAILED";
  const folder = await makeDatumFolder(path);
  await download(work.state, datum, folder.pfs);
  const { code, reason } = await run(work, datum, work.spec.onError, folder);
  return code === 0 && reason === "" ? "RECOVERED" : "FAILED";
}

function run(
  work: WorkerJob,
  datum: Datum,
  program: Program,
  folders: { pfs: string; root: string },
): ReturnType<typeof runUserProcess> {
  const [file = "", ...args] = program.command;
  const launch: Launch = {
    file,
    args,
    stdin: program.stdin.map((line) => `${line}\n`).join(""),
    environment: { ...work.environment, ...datumVariables(work.job, datum) },
    workingDirectory: work.workingDirectory,
  };
  return runUserProcess(work.sandbox.wrap(launch, { ...folders, hidden: work.state.home }), {
    signal: work.signal,
    timeoutMs: work.spec.datumTimeoutMs,
    onLine: (line) => work.log(datum.id, true, line),
  });
}

/** The variables of Pachyderm's worker that belong to a datum. */
function datumVariables(job: JobRow, datum: Datum): Record<string, string> {
  const variables: Record<string, string> = {
    PACH_JOB_ID: job.set_id,
    PACH_OUTPUT_COMMIT_ID: job.set_id,
    PACH_DATUM_ID: datum.id,
  };
  for (const file of datum.files) {
    variables[file.input] = join("/pfs", file.input, file.path).replace(/\/$/, "");
    variables[`${file.input}_COMMIT`] = file.commit;
  }
  return variables;
}
