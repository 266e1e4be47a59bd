import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FileInfo__Output as FileInfo } from "../../../src/pachyderm/generated/pfs_v2/FileInfo.ts";
import type { JobInfo__Output as JobInfo } from "../../../src/pachyderm/generated/pps_v2/JobInfo.ts";
import type { PipelineInfo__Output as PipelineInfo } from "../../../src/pachyderm/generated/pps_v2/PipelineInfo.ts";
import { pps } from "../pachd.ts";
import {
  type Call,
  type Command,
  FLAG,
  TEXT,
  UsageError,
  change,
  command,
  jobOf,
  pipelineOf,
  printRaw,
  show,
} from "./pachctl-call.ts";
import { size } from "./pachctl-print.ts";

/** A spec as pachctl sends it: with its project. */
function readSpec(call: Call): string {
  const spec = JSON.parse(readFileSync(join(call.cwd, String(call.options["file"])), "utf8")) as { pipeline: object };
  return JSON.stringify({ ...spec, pipeline: { project: { name: call.options["project"] }, ...spec.pipeline } });
}

function stateOf(state: unknown): string {
  const name = String(state).replace(/^(JOB|PIPELINE)_/, "");
  return /^(STATE_UNKNOWN|CREATED)$/.test(name) ? "-" : name.toLowerCase();
}

/** A job's state and, cut short, its reason. */
function jobState({ state, reason = "", data_processed }: JobInfo): string {
  if (reason !== "") return `${stateOf(state)}: ${reason.length > 25 ? `${reason.slice(0, 25).trim()}...` : reason}`;
  const didNothing = state === "JOB_SUCCESS" && Number(data_processed) === 0;
  return didNothing ? "success: there were no datums to process" : stateOf(state);
}

function inputOf({ details }: PipelineInfo): string {
  const pfs = details?.input?.pfs;
  return pfs ? `${pfs.project}/${pfs.repo}:${pfs.glob}` : "none";
}

async function listJob(call: Call): Promise<void> {
  const { pachd, options } = call;
  const [id] = call.names;
  if (id === undefined && options["pipeline"] === undefined) {
    const sets = await pachd.collect(pps.ListJobSet, { projects: [{ name: String(options["project"]) }] });
    return show(call, sets, ["ID", "SUBJOBS"], ({ job_set, jobs }) => [job_set?.id ?? "", String(jobs?.length)]);
  }
  const jobs =
    id === undefined
      ? await pachd.collect(pps.ListJob, {
          pipeline: pipelineOf(call, String(options["pipeline"])),
          details: true,
          history: options["history"] === "all" ? "-1" : "0",
        })
      : await pachd.collect(pps.InspectJobSet, { job_set: { id }, details: true });
  show(call, jobs, ["PIPELINE", "ID", "RESTART", "PROGRESS", "DL", "UL", "STATE"], (info) => [
    info.job?.pipeline?.name ?? "",
    info.job?.id ?? "",
    String(info.restart),
    `${info.data_processed} + ${info.data_skipped} / ${info.data_total}`,
    size(info.stats?.download_bytes),
    size(info.stats?.upload_bytes),
    jobState(info),
  ]);
}

function fileName({ file }: FileInfo): string {
  const { repo, id } = file?.commit ?? {};
  return `${repo?.project?.name}/${repo?.name}@${id}:${file?.path}`;
}

async function createPipeline(call: Call, update: boolean): Promise<void> {
  const reprocess = call.options["reprocess"] === true;
  await change(call, pps.CreatePipelineV2, { create_pipeline_request_json: readSpec(call), update, reprocess });
}

/** In place of the seconds that were waited: until all jobs have ended. */
async function sleep({ pachd }: Call): Promise<void> {
  for (const { job_set } of await pachd.collect(pps.ListJobSet, {}))
    await pachd.collect(pps.InspectJobSet, { job_set: job_set ?? null, wait: true });
}

/** Of pipelines, jobs and datums. */
export const PIPELINE_COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["create pipeline", command((call) => createPipeline(call, false), { file: { ...TEXT, short: "f" } })],
  ["update pipeline", command((call) => createPipeline(call, true), { file: { ...TEXT, short: "f" }, reprocess: FLAG })],
  [
    "inspect pipeline",
    command(async (call) => {
      const info = await call.pachd.call(pps.InspectPipeline, { pipeline: pipelineOf(call, call.names[0]), details: true });
      if (call.options["raw"]) printRaw(call, [info]);
    }),
  ],
  [
    "list pipeline",
    command(
      async (call) => {
        const history = call.options["history"] === "all" ? "-1" : "0";
        const pipelines = await call.pachd.collect(pps.ListPipeline, {
          projects: [{ name: String(call.options["project"]) }],
          history,
          details: true,
        });
        show(call, pipelines, ["NAME", "VERSION", "INPUT", "STATE / LAST JOB", "DESCRIPTION"], (info) => [
          info.pipeline?.name ?? "",
          info.version ?? "",
          inputOf(info),
          `${stateOf(info.state)} / ${stateOf(info.last_job_state)}`,
          info.details?.description ?? "",
        ]);
      },
      { history: TEXT },
    ),
  ],
  [
    "delete pipeline",
    command(
      async (call) => {
        const pipeline = pipelineOf(call, call.names[0]);
        await call.pachd.call(pps.DeletePipeline, { pipeline, keep_repo: call.options["keep-repo"] === true, must_exist: true });
      },
      { "keep-repo": FLAG },
    ),
  ],
  [
    "start pipeline",
    command(async (call) => void (await call.pachd.call(pps.StartPipeline, { pipeline: pipelineOf(call, call.names[0]) }))),
  ],
  [
    "stop pipeline",
    command(
      async (call) =>
        void (await call.pachd.call(pps.StopPipeline, { pipeline: pipelineOf(call, call.names[0]), must_exist: true })),
    ),
  ],
  [
    "rerun pipeline",
    command(async (call) => void (await call.pachd.call(pps.RerunPipeline, { pipeline: pipelineOf(call, call.names[0]) }))),
  ],
  ["run cron", command(async (call) => void (await call.pachd.call(pps.RunCron, { pipeline: pipelineOf(call, call.names[0]) })))],
  ["sleep", command(sleep)],
  ["list job", command(listJob, { pipeline: { ...TEXT, short: "p" }, history: TEXT })],
  [
    "inspect job",
    command(async (call) => {
      if (!call.names[0]?.includes("@"))
        throw new UsageError('Use "list job <id>" to see jobs with a given ID across different pipelines');
      printRaw(call, [await call.pachd.call(pps.InspectJob, { job: jobOf(call, call.names[0]), details: true })]);
    }),
  ],
  [
    "list datum",
    command(async (call) =>
      show(
        call,
        await call.pachd.collect(pps.ListDatum, { job: jobOf(call, call.names[0]) }),
        ["ID", "FILES", "STATUS"],
        ({ datum, data, state }) => [datum?.id ?? "", (data ?? []).map(fileName).join(", "), String(state).toLowerCase()],
      ),
    ),
  ],
  [
    "logs",
    command(
      async (call) => {
        const { pipeline, job } = call.options;
        const of = job === undefined ? { pipeline: pipelineOf(call, String(pipeline)) } : { job: jobOf(call, String(job)) };
        for (const line of await call.pachd.collect(pps.GetLogs, of)) if (line.user) call.print(`${line.message}\n`);
      },
      { pipeline: { ...TEXT, short: "p" }, job: TEXT },
    ),
  ],
]);
