import { type JsonObject, objectAt, objectsAt } from "../tracker/json.ts";
import {
  aboutCode,
  aboutEnvironment,
  aboutPachyderm,
  aboutRun,
  attemptRow,
  datasetRow,
  fileRow,
  inputRow,
  listAt,
  modelRows,
  pairs,
  type Rows,
  sparkRows,
  valueAt,
} from "./card-rows.ts";

interface Section {
  readonly title: string;
  readonly rows: Rows;
}

/** More would hide the other sections. */
const MOST_ROWS = 100;
/** Tags that other sections tell of. */
const TOLD_ELSEWHERE = /^(?:mlflow|pachyderm|stemma)\./;

/** Draws a run card, or a run in its shape. Whatever is missing or of another kind than it should be is left out. */
export function drawCard(card: JsonObject): string {
  const sections: readonly Section[] = [
    { title: title(card), rows: aboutRun(card) },
    { title: "attempts", rows: objectsAt(card, "attempts").map(attemptRow) },
    { title: "pachyderm", rows: aboutPachyderm(objectAt(card, "pachyderm")) },
    { title: "inputs", rows: objectsAt(objectAt(card, "pachyderm"), "inputs").map(inputRow) },
    { title: "code", rows: aboutCode(objectAt(card, "code")) },
    { title: "environment", rows: aboutEnvironment(objectAt(card, "environment")) },
    { title: "params", rows: pairs(objectAt(card, "params")) },
    { title: "metrics", rows: pairs(objectAt(card, "metrics")) },
    { title: "tags", rows: pairs(objectAt(card, "tags")).filter(([key = ""]) => !TOLD_ELSEWHERE.test(key)) },
    { title: "data sets", rows: objectsAt(card, "datasets").map(datasetRow) },
    { title: "artifacts", rows: objectsAt(card, "artifacts").map((file) => fileRow(file)) },
    { title: "models", rows: objectsAt(card, "models").flatMap(modelRows) },
    { title: "spark", rows: objectsAt(card, "spark").flatMap(sparkRows) },
    { title: "child runs", rows: listAt(card, "children").map((id) => [id]) },
    { title: "not delivered", rows: pairs(objectAt(card, "undelivered")) },
    { title: "not known", rows: listAt(card, "gaps").map((gap) => [gap]) },
  ];
  return sections.map(drawSection).join("");
}

function drawSection({ title, rows }: Section, index: number): string {
  if (index > 0 && rows.length === 0) return "";
  const shown = rows.slice(0, MOST_ROWS);
  const columns = Math.max(0, ...shown.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) => Math.max(...shown.map((row) => (row[column] ?? "").length)));
  const lines = shown.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd());
  const more = rows.length > MOST_ROWS ? [`  … and ${rows.length - MOST_ROWS} more`] : [];
  return `${[title, ...lines, ...more].join("\n")}\n`;
}

function title(card: JsonObject): string {
  return ["run", valueAt(card, "runName"), valueAt(card, "runId")].filter(Boolean).join(" ");
}
