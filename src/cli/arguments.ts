import { StemmaError } from "../lineage/errors.ts";
import { nearestName } from "../lineage/nearest.ts";
import type { NodeKind } from "../lineage/urn.ts";
import { NODE_KINDS } from "../lineage/urn.ts";

const TIME = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?<zone>Z|[+-]\d\d:\d\d)?)?$/;

/** Parses an option that can be given several times, or name several kinds with commas between. Throws USAGE. */
export function parseKinds(text: string, before: readonly NodeKind[] = []): readonly NodeKind[] {
  return [...new Set([...before, ...text.split(",").map((name) => parseKind(name.trim()))])];
}

/** The kind of node with this name, or undefined. */
export function findKind(name: string): NodeKind | undefined {
  return NODE_KINDS.find((kind) => kind === name);
}

/** Parses a whole number that is not negative. Throws USAGE. */
export function parseCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new StemmaError("USAGE", `"${text}" is no number of steps.`, { hint: "Write a whole number, such as 3." });
}

/** Parses a date, or a date and a time; in UTC, unless it says otherwise. Throws USAGE. */
export function parseTime(text: string): Date {
  const match = TIME.exec(text);
  const date = new Date(
    `${text.replace(" ", "T")}${match?.groups?.["zone"] === undefined && text.length > "2026-01-01".length ? "Z" : ""}`,
  );
  if (match !== null && !Number.isNaN(date.getTime()) && isInCalendar(text)) return date;
  throw new StemmaError("USAGE", `"${text}" is no time.`, { hint: "Write 2026-11-21 or 2026-11-21T09:30:00Z." });
}

/** False for 2026-02-30, which JavaScript takes for the second of March. */
function isInCalendar(text: string): boolean {
  const day = text.slice(0, "2026-01-01".length);
  return new Date(`${day}T00:00Z`).toISOString().startsWith(day);
}

function parseKind(name: string): NodeKind {
  const kind = findKind(name);
  if (kind !== undefined) return kind;
  const near = nearestName(name, NODE_KINDS);
  throw new StemmaError("USAGE", `there is no kind "${name}".`, {
    hint: near === undefined ? `There are: ${NODE_KINDS.join(", ")}` : `Did you mean: ${near}`,
  });
}
