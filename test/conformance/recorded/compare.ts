import { asEarlyAs } from "./moment.ts";
import type { Alignment } from "./normalize.ts";
import { withoutTimes } from "./normalize.ts";
import { type Part, parse } from "./parts.ts";
import { settled } from "./settle.ts";

/** What a command line ended with. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Two outcomes as far as they have to be the same. */
export interface Compared {
  readonly found: unknown;
  readonly wanted: unknown;
}

/**
 * What has to be the same: exit code, messages, texts and, of tables, the columns that ours shows. Rows and lines that match
 * `apart` are left out; ours are compared with the recording's ids in them.
 */
export function compare(found: Outcome, wanted: Outcome, alignment: Alignment, apart?: RegExp): Compared {
  const wantedParts = settled(parse(wanted.out));
  const foundParts = settled(parse(found.out));
  const early = foundParts.map((part, index) => unfinish(asEarlyAs(wantedParts[index], part) as Part, wantedParts[index]));
  const aligned = early.map((part, index) => alignment.align(part, restrict(wantedParts[index], part)) as Part);
  const restricted = wantedParts.flatMap((part, index) => withoutTimes(restrict(part, early[index])) ?? []);
  const err = withoutTimes(wanted.err);
  return {
    found: {
      code: found.code,
      out: without(aligned, apart),
      err: asSaidIn(err, alignment.align(found.err, wanted.err) as string),
    },
    wanted: { code: wanted.code, out: without(restricted, apart), err: bare(err) },
  };
}

/** pachctl's own, of pipelines whose workers have only just started. */
const ALERT = /^One or more pipelines have encountered errors, use inspect pipeline to get more info\.$/gm;

/** What pachctl says around the server's words is its own: the server's words are all there, and its code where pachctl shows it. */
function asSaidIn(wanted: string, found: string): string {
  const isSaid = bare(found) !== "" && bare(wanted).includes(bare(found));
  return isSaid && codesOf(found).isSupersetOf(codesOf(wanted)) ? bare(wanted) : bare(found);
}

function bare(text: string): string {
  return text
    .replaceAll(/rpc error: code = \w+ desc = /g, "")
    .replaceAll(ALERT, "")
    .trim();
}

function codesOf(text: string): Set<string> {
  return new Set(text.match(/code = \w+/g)?.map((code) => code.replaceAll("_", "").toLowerCase()));
}

interface Info {
  readonly finishing?: string;
  readonly finished?: string;
  readonly details?: object;
}

/** pachd finishes a moment after it has answered, the engine before: of what was unfinished when it was recorded, ours is made so too. */
function unfinish(found: Part, wanted: Part | undefined): Part {
  if (wanted === undefined) return found;
  if ("table" in found && "table" in wanted) {
    const rows = found.table.rows.map((row, index) =>
      wanted.table.rows[index]?.["FINISHED"] === "-" ? { ...row, SIZE: wanted.table.rows[index]["SIZE"] ?? "" } : row,
    );
    return { table: { ...found.table, rows } };
  }
  if (!("message" in found) || !("message" in wanted)) return found;
  const [info, then] = [found.message as Info, wanted.message as Info];
  const wasUnfinished = then.details !== undefined && Object.keys(then.details).length === 0;
  if (!wasUnfinished || info.details === undefined) return found;
  const { finished: _, ...rest } = info;
  return { message: { ...(then.finished === undefined ? rest : info), details: {} } };
}

function restrict(wanted: Part | undefined, found: Part | undefined): Part | undefined {
  if (wanted === undefined || found === undefined || !("table" in wanted) || !("table" in found)) return wanted;
  const { heads } = found.table;
  const rows = wanted.table.rows.map((row) => Object.fromEntries(heads.map((head) => [head, row[head] ?? ""])));
  return { table: { heads, rows } };
}

function without(parts: readonly Part[], apart: RegExp | undefined): Part[] {
  if (apart === undefined) return [...parts];
  return parts
    .filter((part) => !("line" in part && apart.test(part.line)))
    .map((part) => {
      if (!("table" in part)) return part;
      const rows = part.table.rows.filter((row) => !apart.test(Object.values(row).join(" ")));
      return { table: { heads: part.table.heads, rows } };
    });
}
