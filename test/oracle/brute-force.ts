import type { Edge } from "../../src/lineage/graph.ts";
import type { Urn } from "../../src/lineage/urn.ts";

/** What a question is asked of: edges that a walk follows, and edges that it only notes, each way. */
export interface Field {
  readonly followed: { readonly up: readonly Edge[]; readonly down: readonly Edge[] };
  readonly noted: readonly Edge[];
  /** False for what is left out of this answer: not there at the time, or an attempt. */
  readonly isThere: (urn: Urn) => boolean;
  /** True for what takes from an answer that it is whole, when a walk goes on from there. */
  readonly isDoubtful: (urn: Urn, direction: "up" | "down") => boolean;
}

export interface Question {
  readonly root: Urn;
  readonly direction: "up" | "down" | "both";
  readonly maxDepth?: number | undefined;
  readonly isEnd?: ((urn: Urn) => boolean) | undefined;
}

/** An answer, to be compared. */
export interface Answer {
  readonly nodes: readonly string[];
  readonly edges: readonly string[];
  readonly isComplete: boolean;
}

/** The answer by repeated relaxation over the set of all edges: as slow and as plain as can be. */
export function bruteForce(field: Field, question: Question): Answer {
  const { direction } = question;
  const ways =
    direction === "both"
      ? [oneWay(field, question, "up"), oneWay(field, question, "down")]
      : [oneWay(field, question, direction)];
  return {
    nodes: [...new Set(ways.flatMap(({ nodes }) => nodes))].sort(),
    edges: [...new Set(ways.flatMap(({ edges }) => edges))].sort(),
    isComplete: ways.every(({ isComplete }) => isComplete),
  };
}

function oneWay(field: Field, { root, maxDepth = Number.POSITIVE_INFINITY, isEnd }: Question, direction: "up" | "down"): Answer {
  const near = ({ from, to }: Edge): Urn => (direction === "up" ? from : to);
  const far = ({ from, to }: Edge): Urn => (direction === "up" ? to : from);
  const isThere = (urn: Urn): boolean => urn === root || field.isThere(urn);
  const followed = field.followed[direction].filter((edge) => isThere(near(edge)) && isThere(far(edge)));
  const distance = new Map([[root, 0]]);
  const goesOn = (urn: Urn): boolean => distance.has(urn) && (urn === root || isEnd?.(urn) !== true);
  for (let before = -1; before !== sumOf(distance);) {
    before = sumOf(distance);
    for (const edge of followed) {
      const next = (distance.get(near(edge)) ?? 0) + 1;
      if (goesOn(near(edge)) && next <= maxDepth && next < (distance.get(far(edge)) ?? Number.POSITIVE_INFINITY))
        distance.set(far(edge), next);
    }
  }
  const walked = followed.filter((edge) => goesOn(near(edge)));
  const shown = walked.filter((edge) => distance.has(far(edge)));
  const noted = field.noted.filter(({ from, to }) => goesOn(from) && isThere(to));
  const all = [...shown, ...noted];
  return {
    nodes: [...new Set([...distance.keys(), ...noted.map(({ to }) => to)])].sort(),
    edges: [...new Set(all.map(({ from, kind, to }) => `${from} ${kind} ${to}`))].sort(),
    isComplete:
      walked.length === shown.length && ![...distance.keys()].some((urn) => goesOn(urn) && field.isDoubtful(urn, direction)),
  };
}

/** Falls with every step that is found or made shorter, so that it tells whether anything changed. */
function sumOf(distance: ReadonlyMap<Urn, number>): number {
  return [...distance.values()].reduce((sum, each) => sum + 1 / (each + 2), 0);
}

/**
 * What lies on any way up from one thing to another, how many ways there are, and how long the shortest is. A question may be asked of
 * something that was not there at its time, but not of two such things.
 */
export function waysBetween(field: Field, from: Urn, to: Urn): Answer & { readonly count: bigint; readonly length: number } {
  const isAskable = field.isThere(from) || field.isThere(to);
  const isThere = (urn: Urn): boolean => isAskable && (urn === from || urn === to || field.isThere(urn));
  const edges = field.followed.up.filter((edge) => isThere(edge.from) && isThere(edge.to));
  const counts = new Map<Urn, { readonly count: bigint; readonly length: number }>();
  const count = (at: Urn): { readonly count: bigint; readonly length: number } => {
    const known = counts.get(at);
    if (known !== undefined) return known;
    const next = at === to ? [] : edges.filter((edge) => edge.from === at).map((edge) => count(edge.to));
    const lengths = next.filter((each) => each.count > 0n).map(({ length }) => length + 1);
    const own =
      at === to
        ? { count: 1n, length: 0 }
        : { count: next.reduce((sum, each) => sum + each.count, 0n), length: Math.min(Number.POSITIVE_INFINITY, ...lengths) };
    counts.set(at, own);
    return own;
  };
  const whole = count(from);
  const onWay = (urn: Urn): boolean => counts.has(urn) && count(urn).count > 0n;
  const shown = edges.filter((edge) => edge.from !== to && onWay(edge.from) && onWay(edge.to));
  const nodes = whole.count === 0n ? [] : [...counts.keys()].filter(onWay).sort();
  return { nodes, edges: shown.map((edge) => `${edge.from} ${edge.kind} ${edge.to}`).sort(), isComplete: true, ...whole };
}
