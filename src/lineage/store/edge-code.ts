import type { EdgeKind } from "../graph.ts";
import type { Urn } from "../urn.ts";

const EDGE_KINDS: readonly EdgeKind[] = ["used", "generated", "derived", "within", "of"];
const KIND_AT = "urn:stemma:".length;
const KIND = 7;

/** The bit of an edge on which something is said: which files of a commit were read. The index by target holds all but that. */
export const WITH_FACTS = 8;

/** The first code of an edge that has a file or datum at an end: a walk among commits and jobs reads only those below it. */
export const FIRST_FINE = 16;

/** An edge's kind as a number, with what a reader wants to know before it looks further. */
export function edgeCode(from: Urn, kind: EdgeKind, to: Urn, hasFacts: boolean): number {
  return EDGE_KINDS.indexOf(kind) + (hasFacts ? WITH_FACTS : 0) + (isFine(from) || isFine(to) ? FIRST_FINE : 0);
}

export function kindOf(code: number): EdgeKind {
  return EDGE_KINDS[code & KIND] ?? "used";
}

function isFine(urn: Urn): boolean {
  return urn.startsWith("file:", KIND_AT) || urn.startsWith("datum:", KIND_AT);
}
