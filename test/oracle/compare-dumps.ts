import type { Urn } from "../../src/lineage/urn.ts";
import type { Ledger } from "./ledger.ts";

/** A line of a dump: a node, or an edge. */
interface Line {
  readonly text: string;
  readonly urn?: Urn;
  readonly rank?: string;
  readonly from?: Urn;
  readonly to?: Urn;
  readonly kind: string;
}

/**
 * The lines of a dump that a new index has to agree about: all but what is gone, what only that is linked to, and what jobs used whose
 * output commits are gone. A new index cannot know these any more.
 */
export function comparableDump(ledger: Ledger, dump: Iterable<string>): readonly string[] {
  const lines = Array.from(dump, (text): Line => ({ text, ...(JSON.parse(text) as Omit<Line, "text">) }));
  const gone = new Set([...ledger.said.keys()].filter((urn) => ledger.isGone(urn)));
  const mute = new Set(ledger.edges.filter(({ from, kind }) => gone.has(from) && kind === "generated").map(({ to }) => to));
  const edges = lines.filter(
    ({ from, to, kind }) => isLinked(from) && isLinked(to) && !(kind === "used" && from !== undefined && mute.has(from)),
  );
  const linked = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const nodes = lines.filter(({ urn, rank }) => urn !== undefined && !gone.has(urn) && (rank === "source" || linked.has(urn)));
  // A run stays the attempt that another one replaced when that one is gone; a new index does not know that there was another.
  const hasLostRuns = [...gone].some((urn) => urn.startsWith("urn:stemma:run:"));
  return [...nodes, ...edges].map(({ text }) => (hasLostRuns ? text.replace('"attempt":true,', "") : text));

  function isLinked(end: Urn | undefined): boolean {
    return end !== undefined && !gone.has(end);
  }
}
