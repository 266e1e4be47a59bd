import { isOfMachine } from "../draw/words.ts";
import { namesOf } from "./values.ts";

/** A metric on two sides. */
export interface MetricChange {
  readonly name: string;
  readonly before: number | undefined;
  readonly after: number | undefined;
  /** After less before; undefined where one of them is missing or no number. */
  readonly difference: number | undefined;
  /** The difference in proportion to the value before; undefined where that is 0. */
  readonly relative: number | undefined;
  readonly changed: boolean;
  /** True for what says how the machine fared, and nothing of what came out. */
  readonly ofMachine: boolean;
}

type Metrics = Readonly<Record<string, number>>;

/** All metrics of two sides: what came out before what the machine did, then the largest relative change first. */
export function compareMetrics(before: Metrics, after: Metrics): readonly MetricChange[] {
  return namesOf(before, after)
    .map((name) => compare(name, before[name], after[name]))
    .toSorted((a, b) => Number(a.ofMachine) - Number(b.ofMachine) || weight(b) - weight(a) || (a.name < b.name ? -1 : 1));
}

function compare(name: string, before: number | undefined, after: number | undefined): MetricChange {
  const difference = before === undefined || after === undefined ? Number.NaN : after - before;
  const relative = difference === 0 ? 0 : difference / Math.abs(before ?? Number.NaN);
  return {
    name,
    before,
    after,
    difference: Number.isFinite(difference) ? difference : undefined,
    relative: Number.isFinite(relative) ? relative : undefined,
    changed: !Object.is(before, after) && before !== after,
    ofMachine: isOfMachine(name),
  };
}

/** What is there on one side only weighs most, then what came from 0. */
function weight({ before, after, changed, relative }: MetricChange): number {
  if (!changed) return -1;
  if (before === undefined || after === undefined) return Number.MAX_VALUE;
  return relative === undefined ? Number.MAX_VALUE / 2 : Math.abs(relative);
}
