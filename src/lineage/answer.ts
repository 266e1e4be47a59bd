import type { Graph, Node } from "./graph.ts";
import type { NodeKind, Urn } from "./urn.ts";

export type Direction = "up" | "down";

/** Whether a walk goes through files and datums or through commits and jobs. */
export type Level = "commit" | "file";

/** Something that a reader has to know about how far an answer reaches. */
export interface Gap {
  readonly at: Urn;
  /** A clause without an end: "MLflow cannot be reached". */
  readonly why: string;
  /** "missing": there may be more than is shown. "wider": nothing is missing, but a whole commit stands for some of its files. */
  readonly effect: "missing" | "wider";
}

/** The answer to "what did this come from" (up) and "what came out of it" (down). */
export interface Trace extends Graph {
  readonly root: Urn;
  readonly direction: Direction | "both";
  readonly complete: boolean;
  readonly gaps: readonly Gap[];
}

export interface WalkOptions {
  readonly direction: Direction | "both";
  /** Through files and datums, or through commits and jobs. By default among files when the root is a file, datum or run. */
  readonly level?: Level | undefined;
  readonly maxDepth?: number | undefined;
  /** Only these are shown, and the root. A way through others is shown as one "derived" edge. */
  readonly kinds?: readonly NodeKind[] | undefined;
  /** What this is true of is shown, and not walked past. */
  readonly until?: ((node: Node) => boolean) | undefined;
  /** What came to be later is left out, and so is what was gone by then. */
  readonly asOf?: Date | undefined;
  /** Whether tries that others replaced are shown too. */
  readonly attempts?: boolean | undefined;
}

/** Reads on demand what an index does not hold yet. */
export interface Expander {
  /** After it the index holds every step from these nodes. */
  readonly expand: (urns: readonly Urn[], direction: Direction) => Promise<readonly Gap[]>;
}

/** The gaps, each once, and what follows from them. */
export function concluded(gaps: readonly Gap[]): { readonly complete: boolean; readonly gaps: readonly Gap[] } {
  const once = new Map(gaps.map((gap) => [`${gap.at} ${gap.why}`, gap]));
  return { complete: gaps.every(({ effect }) => effect !== "missing"), gaps: [...once.values()] };
}
