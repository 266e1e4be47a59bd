import { concludingLines } from "../lineage/draw/words.ts";
import { differenceItems, differenceToJson } from "../lineage/diff/difference-json.ts";
import { drawDifference } from "../lineage/diff/draw-difference.ts";
import { type Difference, VALUE_PARTS, onlyDifferences } from "../lineage/diff/difference.ts";
import type { Printable } from "./print.ts";
import { firstLine } from "./table.ts";

const HEAD = ["PART", "NAME", "BEFORE", "AFTER"] as const;

/** What differs, in all formats but those of graphs. */
export function printableDifference(
  difference: Difference,
  options: { readonly limit: number; readonly all: boolean },
): Printable {
  return {
    text: () => drawDifference(difference, options),
    table: () => ({ head: HEAD, rows: rowsOf(options.all ? difference : onlyDifferences(difference)) }),
    value: () => differenceToJson(difference, options.all),
    items: () => differenceItems(difference, options.all),
    remarks: () => concludingLines(difference.gaps),
  };
}

function rowsOf(difference: Difference): ReadonlyArray<readonly string[]> {
  const files = difference.data.flatMap(({ role, files: changes }) =>
    changes.map(({ before, after }) => [role, before?.path ?? after?.path, before?.hash, after?.hash]),
  );
  const values = VALUE_PARTS.flatMap((part) => difference[part].map(({ name, before, after }) => [part, name, before, after]));
  const metrics = difference.metrics.map(({ name, before, after }) => ["metrics", name, before, after]);
  return [...files, ...values, ...metrics].map((row) => row.map((cell) => firstLine(String(cell ?? "-")) || "-"));
}
