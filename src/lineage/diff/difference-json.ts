import { nodeToJson } from "../describe.ts";
import type { Difference } from "./difference.ts";
import { VALUE_PARTS, differs, onlyDifferences } from "./difference.ts";

export interface DifferenceJson extends Omit<Difference, "before" | "after"> {
  readonly version: 1;
  readonly kind: "diff";
  readonly differs: boolean;
  readonly before: object;
  readonly after: object;
}

/** A difference as one JSON object; without what is equal unless all is asked for. */
export function differenceToJson(difference: Difference, all: boolean): DifferenceJson {
  const { before, after, complete, gaps, ...parts } = all ? difference : onlyDifferences(difference);
  return {
    version: 1,
    kind: "diff",
    complete,
    gaps,
    differs: differs(difference),
    before: nodeToJson(before),
    after: nodeToJson(after),
    ...parts,
  };
}

/** The same as objects of one line each, every one with the part that it belongs to; the last says whether it is complete. */
export function* differenceItems(difference: Difference, all: boolean): Generator<object, void, undefined> {
  const { data, metrics, complete, gaps, ...parts } = all ? difference : onlyDifferences(difference);
  for (const each of data) yield { part: "data", ...each };
  for (const part of VALUE_PARTS) for (const each of parts[part]) yield { part, ...each };
  for (const each of metrics) yield { part: "metrics", ...each };
  yield { end: { version: 1, kind: "diff", complete, gaps, differs: differs(difference) } };
}
