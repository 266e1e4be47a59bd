import type { Identity } from "../urn.ts";
import { formatUrn } from "../urn.ts";
import type { EventType, SeenDataset, SeenRun } from "./read-event.ts";
import type { JsonObject } from "./read-fields.ts";
import type { Stamped } from "./stamped.ts";
import { later, latest, union } from "./stamped.ts";

/**
 * All that the events of one run have said. Adding an event is a union, a minimum or a maximum, and so the order of the events and
 * how often each came makes no difference.
 */
export interface RunState {
  readonly identity: Identity;
  /** The earliest time of all, and of a START. */
  readonly first: number;
  readonly began?: number | undefined;
  /** The event that says how far it is: one that ends a run before any other, then the latest. */
  readonly phase: Stamped<EventType>;
  readonly job: Stamped<SeenRun["job"]>;
  readonly facets: Readonly<Record<string, Stamped<JsonObject>>>;
  /** The deployments that it carries out: jobs of that type, by namespace and name. */
  readonly deployments: readonly string[];
  /** URNs, each with the names of files that were read of it. */
  readonly inputs: Readonly<Record<string, readonly string[]>>;
  readonly outputs: readonly string[];
  readonly within: readonly string[];
  readonly sources: readonly string[];
  /** URNs of a thing and of what it was derived from, with a space between. */
  readonly derived: readonly string[];
}

export function addEvent(known: RunState | undefined, run: SeenRun, at: number): RunState {
  const phase: Stamped<EventType> = { at, value: run.type };
  return {
    identity: run.identity,
    first: Math.min(known?.first ?? at, at),
    began: run.type === "START" ? Math.min(known?.began ?? at, at) : known?.began,
    phase: known === undefined ? phase : furtherOf(known.phase, phase),
    job: later(known?.job, { at, value: run.job }),
    facets: latest(known?.facets ?? {}, run.facets, at),
    deployments: union(known?.deployments ?? [], run.isDeployment ? [`${run.job.namespace}/${run.job.name}`] : []),
    inputs: addInputs(known?.inputs ?? {}, run.inputs),
    outputs: union(known?.outputs ?? [], run.outputs.map(urnOf)),
    within: union(known?.within ?? [], run.within),
    sources: union(known?.sources ?? [], run.sources),
    derived: union(known?.derived ?? [], [...run.inputs, ...run.outputs].flatMap(derivations)),
  };
}

const ORDER: readonly EventType[] = ["OTHER", "START", "RUNNING", "ABORT", "FAIL", "COMPLETE"];

export function isEnd(type: EventType): boolean {
  return type === "COMPLETE" || type === "FAIL" || type === "ABORT";
}

function furtherOf(a: Stamped<EventType>, b: Stamped<EventType>): Stamped<EventType> {
  const [ofA, ofB] = [placeOf(a), placeOf(b)];
  const differs = ofA.findIndex((each, index) => each !== ofB[index]);
  return differs >= 0 && (ofA[differs] ?? 0) < (ofB[differs] ?? 0) ? b : a;
}

/** What decides between two events, the first that differs. */
function placeOf({ at, value }: Stamped<EventType>): readonly number[] {
  return [isEnd(value) ? 2 : value === "OTHER" ? 0 : 1, at, ORDER.indexOf(value)];
}

function addInputs(known: RunState["inputs"], inputs: readonly SeenDataset[]): RunState["inputs"] {
  const all = new Map(Object.entries(known));
  for (const input of inputs) all.set(urnOf(input), union(all.get(urnOf(input)) ?? [], input.files));
  return Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function urnOf({ identity }: SeenDataset): string {
  return formatUrn(identity);
}

function derivations(dataset: SeenDataset): readonly string[] {
  return dataset.derivedFrom.map((origin) => `${urnOf(dataset)} ${origin}`);
}
