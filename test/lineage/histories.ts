import * as fc from "fast-check";
import type { Edge, EdgeKind } from "../../src/lineage/graph.ts";
import { edge } from "../../src/lineage/graph.ts";
import type { LineageIndex, NodeRecord } from "../../src/lineage/store/lineage-index.ts";
import type { Identity, Urn } from "../../src/lineage/urn.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import type { Direction, WalkOptions } from "../../src/lineage/answer.ts";
import { indexFrom } from "./graphs.ts";

/** Small graphs of any shape, and what a walk answers on them, found without one. */
export interface History {
  readonly records: readonly NodeRecord[];
  readonly edges: readonly Edge[];
}

const SIZE = 12;
const KINDS: readonly EdgeKind[] = ["used", "generated", "derived", "of"];

/** Commits, jobs, runs and batches with times; some gone, some replaced, some in circles. */
export const histories: fc.Arbitrary<History> = fc
  .record({
    things: fc.array(
      fc.record({ kind: fc.nat(3), since: fc.option(fc.nat(20)), lasts: fc.option(fc.nat(10)), attempt: fc.nat(5) }),
      {
        minLength: SIZE,
        maxLength: SIZE,
      },
    ),
    links: fc.array(fc.tuple(fc.nat(SIZE - 1), fc.nat(SIZE - 1), fc.constantFrom(...KINDS)), { maxLength: 30 }),
  })
  .map(({ things, links }) => {
    const records = things.map(({ kind, since, lasts, attempt }, place): NodeRecord => {
      const gone = since === null || lasts === null ? undefined : new Date(since + lasts);
      const begin = since === null ? undefined : new Date(since);
      return { node: identity(kind, place), rank: "source", since: begin, gone, attempt: attempt === 0 };
    });
    return { records, edges: links.flatMap(([a, b, kind]) => between(records[a], kind, records[b])) };
  });

export const places = fc.nat(SIZE - 1);

export function indexOfHistory({ records, edges }: History): LineageIndex {
  return indexFrom(edges, records);
}

export function urnAt({ records }: History, place: number): Urn {
  const record = records[place];
  if (record === undefined) throw new Error(`there is no thing ${place}`);
  return formatUrn(record.node);
}

/** How many steps each thing is away that a question reaches, found by looking at all edges again until nothing changes. */
export function distances(
  history: History,
  root: Urn,
  options: WalkOptions & { readonly direction: Direction },
): ReadonlyMap<Urn, number> {
  const there = new Set(history.records.filter((record) => isThere(record, options)).map(({ node }) => formatUrn(node)));
  const found = new Map([[root, 0]]);
  for (let hasChanged = true; hasChanged;) {
    hasChanged = false;
    for (const { from, to } of history.edges) {
      const [near, far] = options.direction === "up" ? [from, to] : [to, from];
      const distance = (found.get(near) ?? Infinity) + 1;
      if ((far !== root && !there.has(far)) || distance >= (found.get(far) ?? Infinity)) continue;
      found.set(far, distance);
      hasChanged = true;
    }
  }
  return found;
}

/** All ways by the things on them, found by trying every one. For graphs without circles. */
export function allWays(history: History, from: Urn, to: Urn): readonly (readonly Urn[])[] {
  if (from === to) return [[to]];
  const next = new Set(history.edges.filter((each) => each.from === from).map((each) => each.to));
  return [...next].flatMap((urn) => allWays(history, urn, to).map((way) => [from].concat(way)));
}

/** The same without what would make a circle. */
export function withoutCircles({ records, edges }: History): History {
  const places = new Map(records.map(({ node }, place) => [formatUrn(node), place]));
  return { records, edges: edges.filter(({ from, to }) => (places.get(from) ?? 0) > (places.get(to) ?? 0)) };
}

function isThere({ since, gone, attempt }: NodeRecord, { asOf, attempts }: WalkOptions): boolean {
  if (attempt === true && attempts !== true) return false;
  return asOf === undefined || ((since === undefined || since <= asOf) && (gone === undefined || gone > asOf));
}

function identity(kind: number, place: number): Identity {
  const id = `${place}`.padStart(32, "0");
  if (kind === 0) return { kind: "commit", project: "default", repo: "r", type: "user", id };
  if (kind === 1) return { kind: "job", project: "default", pipeline: "p", id };
  return kind === 2 ? { kind: "run", id } : { kind: "batch", id };
}

function between(a: NodeRecord | undefined, kind: EdgeKind, b: NodeRecord | undefined): readonly Edge[] {
  return a === undefined || b === undefined || a === b ? [] : [edge(a.node, kind, b.node)];
}
