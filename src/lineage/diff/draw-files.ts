import { countText, sizeText } from "../draw/words.ts";
import { plainText } from "../plain-text.ts";
import { referenceTo } from "../reference.ts";
import type { Urn } from "../urn.ts";
import { parseUrn } from "../urn.ts";
import type { DrawOptions } from "./draw-options.ts";
import type { DataDifference, FileChange } from "./files.ts";
import { FILE_CHANGE_KINDS } from "./files.ts";
import type { RowDifference } from "./rows.ts";

/** One repo's data: which commits, how much differs, and the files. Nothing for what is equal, unless all is asked for. */
export function dataLines(data: DataDifference, { all }: DrawOptions): readonly string[] {
  if (!data.changed && !all) return [];
  const counts = FILE_CHANGE_KINDS.filter((kind) => data.counts[kind] > 0).map((kind) => `${data.counts[kind]} ${kind}`);
  const equal = data.equal === undefined || !all ? [] : [`${data.equal} equal`];
  const what = [...counts, ...equal].join(", ");
  return [
    `${data.role === "input" ? "read " : ""}${sidesText(data)}  ${what === "" ? "equal" : `files: ${what}`}`,
    ...fileLines(data).map((line) => `  ${line}`),
  ];
}

function sidesText({ before, after }: DataDifference): string {
  return before === after ? commitText(after) : `${commitText(before)} → ${commitText(after)}`;
}

function commitText(urn: Urn | undefined): string {
  return urn === undefined ? "nothing" : referenceTo(parseUrn(urn));
}

function fileLines({ files, counts }: DataDifference): readonly string[] {
  return FILE_CHANGE_KINDS.flatMap((kind) => {
    const own = files.filter((file) => file.kind === kind);
    const left = counts[kind] - own.length;
    const more = left > 0 ? [`… and ${left.toLocaleString("en-US")} more ${kind}: --limit 0 shows all`] : [];
    return own.flatMap(changeLines).concat(more);
  });
}

function changeLines({ kind, before, after, rows }: FileChange): readonly string[] {
  switch (kind) {
    case "added":
      return [`+ ${plainText(after?.path ?? "")}  ${sizeText(after?.sizeBytes ?? 0)}`];
    case "removed":
      return [`- ${plainText(before?.path ?? "")}  ${sizeText(before?.sizeBytes ?? 0)}`];
    case "moved":
      return [`> ${plainText(before?.path ?? "")} → ${plainText(after?.path ?? "")}`];
    case "changed":
      break;
  }
  const sizes = [sizeText(before?.sizeBytes ?? 0), sizeText(after?.sizeBytes ?? 0)];
  return [
    `~ ${plainText(after?.path ?? "")}  ${sizes.join(" → ")}`,
    ...(rows === undefined ? [] : rowLines(rows).map((line) => `    ${line}`)),
  ];
}

function rowLines(rows: RowDifference): readonly string[] {
  if (rows.notCompared !== undefined) return [`rows not compared: ${rows.notCompared}`];
  const { columns, columnsAdded, columnsRemoved } = rows;
  const compared = columnsAdded.length + columnsRemoved.length > 0 ? ", compared by the columns that both have" : "";
  return [
    ...columnsRemoved.map((column) => `column removed: ${plainText(column)}`),
    ...columnsAdded.map((column) => `column added: ${plainText(column)}`),
    ...(rows.removedCount + rows.addedCount === 0 && compared === ""
      ? ["the same rows, written otherwise or in another order"]
      : []),
    `${countText(rows.removedCount, "row")} removed, ${countText(rows.addedCount, "row")} added${compared}`,
    ...(rows.removedCount + rows.addedCount === 0 ? [] : [`  ${csvText(columns)}`]),
    ...sideLines("-", rows.removed, rows.removedCount),
    ...sideLines("+", rows.added, rows.addedCount),
  ];
}

function sideLines(sign: string, rows: ReadonlyArray<readonly string[]>, count: number): readonly string[] {
  const left = count - rows.length;
  const more = left > 0 ? [`  … and ${countText(left, "more row")}: --limit 0 shows all`] : [];
  return [...rows.map((row) => `${sign} ${csvText(row)}`), ...more];
}

function csvText(fields: readonly string[]): string {
  return plainText(fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(","));
}
