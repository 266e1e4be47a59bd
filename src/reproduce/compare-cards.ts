import { type CardNumber, fromCardNumber } from "../tracker/card/numbers.ts";
import type { RunCard } from "../tracker/card/run-card.ts";
import { isMeasured } from "./by-nature.ts";
import type { Difference } from "./verdict.ts";

type Otherwise = Pick<Difference, "kind" | "what" | "expected" | "found">;

/** How the tracked commands of a datum compare. */
export interface CardComparison {
  /** How many metrics were held against each other. */
  readonly metrics: number;
  readonly different: readonly Otherwise[];
}

const NONE = "none";

/** Holds params and last metrics against each other, of the tracked commands of a datum in the order in which they began. */
export function compareCards(expected: readonly RunCard[], found: readonly RunCard[], tolerance: number): CardComparison {
  if (expected.length !== found.length) {
    const runs: Otherwise = {
      kind: "runs",
      what: "tracked runs",
      expected: String(expected.length),
      found: String(found.length),
    };
    return { metrics: 0, different: [runs] };
  }
  const compared = expected.map((card, index) => compareCard(card, found[index] ?? card, tolerance));
  return {
    metrics: compared.reduce((sum, { metrics }) => sum + metrics, 0),
    different: compared.flatMap(({ different }) => different),
  };
}

function compareCard(expected: RunCard, found: RunCard, tolerance: number): CardComparison {
  const [before, now] = [reported(expected), reported(found)];
  return {
    metrics: Object.keys(before).length,
    different: [
      ...differing("param", expected.params, found.params, (a, b) => a === b),
      ...differing("metric", before, now, (a, b) => isNear(fromCardNumber(a), fromCardNumber(b), tolerance)),
    ],
  };
}

function differing<Value>(
  kind: Otherwise["kind"],
  expected: Readonly<Record<string, Value>>,
  found: Readonly<Record<string, Value>>,
  isSame: (a: Value, b: Value) => boolean,
): readonly Otherwise[] {
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
  return keys.flatMap((what) => {
    const [a, b] = [expected[what], found[what]];
    if (a !== undefined && b !== undefined && isSame(a, b)) return [];
    return [{ kind, what, expected: String(a ?? NONE), found: String(b ?? NONE) }];
  });
}

/** Without those that the tracker measures, which are others each time. */
function reported({ metrics }: RunCard): Readonly<Record<string, CardNumber>> {
  return Object.fromEntries(Object.entries(metrics).filter(([key]) => !isMeasured(key)));
}

/** Relative to the larger of the two and one. */
export function isNear(a: number, b: number, tolerance: number): boolean {
  if (Object.is(a, b) || a === b) return true;
  return Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b));
}
