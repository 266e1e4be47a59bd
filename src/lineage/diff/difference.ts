import type { Node } from "../graph.ts";
import type { Gap } from "../answer.ts";
import type { DataDifference } from "./files.ts";
import type { MetricChange } from "./metrics.ts";
import type { ValueChange } from "./values.ts";

/** What differs between two runs, or two commits: the causes first, the outcome last. */
export interface Difference {
  readonly before: Node;
  readonly after: Node;
  readonly data: readonly DataDifference[];
  /** Data sets that are not of Pachyderm, by name, with their digests. */
  readonly datasets: readonly ValueChange[];
  readonly code: readonly ValueChange[];
  readonly params: readonly ValueChange[];
  readonly environment: readonly ValueChange[];
  readonly spec: readonly ValueChange[];
  readonly metrics: readonly MetricChange[];
  readonly complete: boolean;
  readonly gaps: readonly Gap[];
}

/** The parts whose values are texts, in the order in which they count. */
export const VALUE_PARTS = ["datasets", "code", "params", "environment", "spec"] as const;

/** The same without all that is equal. */
export function onlyDifferences(difference: Difference): Difference {
  return {
    ...difference,
    data: changed(difference.data),
    datasets: changed(difference.datasets),
    code: changed(difference.code),
    params: changed(difference.params),
    environment: changed(difference.environment),
    spec: changed(difference.spec),
    metrics: changed(difference.metrics),
  };
}

function changed<Each extends { readonly changed: boolean }>(list: readonly Each[]): readonly Each[] {
  return list.filter((each) => each.changed);
}

/** Whether anything differs. What a run used of its machine is never the same twice, and does not count. */
export function differs({ data, metrics, ...parts }: Difference): boolean {
  const values = VALUE_PARTS.some((part) => parts[part].some(({ changed }) => changed));
  return values || data.some(({ changed }) => changed) || metrics.some(({ changed, ofMachine }) => changed && !ofMachine);
}
