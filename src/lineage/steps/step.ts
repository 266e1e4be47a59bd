import type { Gap } from "../answer.ts";
import type { Row, RowLink } from "../store/row.ts";
import type { Urn } from "../urn.ts";
import { PREFIX, urnOf } from "../store/record.ts";

/** One way on from a node of a walk. */
export interface Step extends RowLink {
  /** Noted, and not followed: it only says where a thing lies. */
  readonly placing?: boolean;
}

/** Where a walk can go from a node, and what stays unknown there. */
export interface Steps {
  readonly steps: readonly Step[];
  readonly gaps: readonly Gap[];
}

export function wider(at: Row, why: string): Gap {
  return { at: at.urn, why, effect: "wider" };
}

export function missing(at: Row, why: string): Gap {
  return { at: at.urn, why, effect: "missing" };
}

/** True for what is smaller than a commit or job. */
export function isFine({ kind }: Row): boolean {
  return kind === "file" || kind === "datum";
}

/** True for a folder: only where a question begins, since which ones an index holds depends on what was asked before. */
export function isFolder({ kind, urn }: Row): boolean {
  return kind === "file" && urn.endsWith("/");
}

const FILE = `${PREFIX}file:`;

/** The commit that a file lies in. */
export function commitOf({ urn }: Row): Urn {
  return urnOf(`commit:${urn.slice(FILE.length, urn.indexOf(":", FILE.length))}`);
}
