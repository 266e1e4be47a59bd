import type { CreateDatumRequest__Output as CreateDatumRequest } from "../../pachyderm/generated/pps_v2/CreateDatumRequest.ts";
import type { DatumInfo } from "../../pachyderm/generated/pps_v2/DatumInfo.ts";
import type { Input__Output as WireInput } from "../../pachyderm/generated/pps_v2/Input.ts";
import type { InspectDatumRequest__Output as InspectDatumRequest } from "../../pachyderm/generated/pps_v2/InspectDatumRequest.ts";
import type { ListDatumRequest__Output as ListDatumRequest } from "../../pachyderm/generated/pps_v2/ListDatumRequest.ts";
import { findRun, runsOfJob } from "../pps/datum-runs.ts";
import { type Datum, previewDatums } from "../pps/datums.ts";
import { Fault, refused } from "../fault.ts";
import { inspectJob } from "../pps/jobs.ts";
import { DEFAULT_PROJECT } from "../pfs/names.ts";
import { inputLeaves } from "../pps/pipeline-spec.ts";
import { toSpecInput } from "../pps/spec-input.ts";
import type { EngineState } from "../state.ts";
import { toDatumInfo, toDatumPreview } from "./datum-wire.ts";
import { toJobKey } from "./pps-wire.ts";
import { fromRepo } from "./wire.ts";

const PREVIEW_BATCH = 100;

/** The datums of a job, or those that an input would make, in the order of their ids. */
export function* listDatums(state: EngineState, request: ListDatumRequest): IterableIterator<DatumInfo> {
  if (request.job !== undefined && request.input !== undefined) throw refused("cannot specify both job and input");
  const number = Number(request.number ?? 0);
  if (request.reverse && number === 0) throw refused("number must be > 0 when reverse is set");
  const states = (request.filter?.state ?? []).map(String);
  const infos = request.input === undefined ? datumsOfJob(state, request) : datumsOfInput(state, request.input, request);
  let left = number === 0 ? Number.POSITIVE_INFINITY : number;
  for (const info of infos) {
    if (states.length > 0 && !states.includes(String(info.state))) continue;
    yield info;
    left -= 1;
    if (left <= 0) return;
  }
}

function* datumsOfJob(state: EngineState, request: ListDatumRequest): IterableIterator<DatumInfo> {
  const key = toJobKey(request.job);
  const job = inspectJob(state.db, key.pipeline, key.id);
  const after = { after: request.paginationMarker, reverse: request.reverse };
  using hold = state.content.hold();
  if (job.datums !== null) hold.keep(job.datums);
  for (const run of runsOfJob(state.db, state.nodes, job, after)) yield toDatumInfo(state.db, key, run);
}

function* datumsOfInput(
  state: EngineState,
  input: WireInput,
  { paginationMarker = "", reverse = false }: ListDatumRequest,
): IterableIterator<DatumInfo> {
  const sorted = preview(state, input, "list datums").sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const datum of reverse ? sorted.toReversed() : sorted) {
    const isBehind = reverse ? datum.id < paginationMarker : datum.id > paginationMarker;
    if (paginationMarker === "" || isBehind) yield toDatumPreview(state.db, datum);
  }
}

/** The datums that an input makes of what is there now. What it does not find is UNKNOWN here, as in pachd. */
function preview(state: EngineState, input: WireInput, doing: string): Datum[] {
  const spec = toSpecInput(input, { project: DEFAULT_PROJECT, name: "" });
  if (spec === undefined || inputLeaves(spec).some(({ cron }) => cron !== undefined))
    throw refused(`can't ${doing} with a cron input, there will be no datums until the pipeline is created`);
  try {
    return previewDatums(state, spec);
  } catch (error) {
    throw error instanceof Fault ? refused(error.message) : error;
  }
}

export function inspectDatum(state: EngineState, { datum }: InspectDatumRequest): DatumInfo {
  if (!datum?.id) throw refused("must specify a datum");
  if (datum.job === undefined) throw refused("must specify a job");
  const key = toJobKey(datum.job);
  const job = inspectJob(state.db, key.pipeline, key.id);
  const run = findRun(state.db, state.nodes, job, datum.id);
  if (run === undefined)
    throw refused(`datum ${datum.id} not found in job ${key.pipeline.project}/${key.pipeline.name}@${key.id}`);
  const meta = { commit: { repo: fromRepo({ ...key.pipeline, type: "meta" }), id: key.id }, path: `/pfs/${datum.id}` };
  return { ...toDatumInfo(state.db, key, run), pfs_state: meta };
}

/** Sends the datums that an input makes as they are asked for: so many at the start, and so many more each time. */
export async function* createDatums(
  state: EngineState,
  requests: AsyncIterable<CreateDatumRequest>,
): AsyncIterableIterator<DatumInfo> {
  let datums: Datum[] | undefined;
  let sent = 0;
  for await (const { start, continue: more } of requests) {
    if (datums === undefined) {
      if (start === undefined) throw refused("first message must be a StartCreateDatumRequest message");
      if (start.input === undefined) throw refused("first message must specify an input");
      datums = preview(state, start.input, "create datums");
    } else if (more === undefined) throw refused("subsequent messages must be a ContinueCreateDatumRequest message");
    const number = start?.number ?? more?.number ?? 0;
    const batch = datums.slice(sent, sent + (number > 0 ? number : PREVIEW_BATCH));
    for (const datum of batch) yield toDatumPreview(state.db, datum);
    sent += batch.length;
    if (sent === datums.length) return;
  }
}
