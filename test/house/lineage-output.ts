import { stripVTControlCharacters } from "node:util";
import { paint } from "../../src/cli/style.ts";
import { drawTable } from "../../src/cli/table.ts";
import type { LineageStory } from "./lineage-story.ts";

type Volatile = Pick<LineageStory, "ids" | "experimentId" | "mlflow">;

/** Digits of an id that outputs show. */
const SHOWN = [32, 12, 8];
const TIME = /\d{4}-\d\d-\d\d(?<between>[T ])\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
/** Facts of a run that are the same on each machine. */
const STEADY_TAGS: ReadonlySet<string> = new Set([
  "pachyderm.pipeline",
  "pachyderm.pipeline_version",
  "mlflow.source.git.commit",
]);
/** What differs from machine to machine and day to day in an answer: sizes, as run cards have times in them, too. */
const LEFT_OUT: ReadonlySet<string> = new Set(["sizeBytes", "hash", "environment", "specDigest", "command"]);

/** Output as it would be with the ids, names and times of the page. */
export function steadyOutput(out: string, { ids, experimentId, mlflow }: Volatile, idOnPage: (at: number) => string): string {
  let text = out.replaceAll(/sh -c cd .*? track --experiment \S+ --name tree --/g, "stemma track --");
  for (const digits of SHOWN)
    for (const [at, id] of ids.entries()) text = text.replaceAll(id.slice(0, digits), idOnPage(at).slice(0, digits));
  text = text
    .replaceAll(mlflow.model ?? "", "fraud")
    .replaceAll(mlflow.uri, "http://127.0.0.1:5000")
    .replaceAll(`/experiments/${experimentId}/`, "/experiments/1/")
    .replaceAll(`"experiment": "${experimentId}"`, `"experiment": "1"`)
    .replaceAll(/pachyderm:\/\/127\.0\.0\.1:\d+/g, "pachyderm://127.0.0.1:30650")
    .replaceAll(TIME, "2026-11-21$<between>14:27:00Z")
    .replaceAll(/(?<=with environment: image \S+), .*$/gm, ", …");
  const plain = stripVTControlCharacters(text);
  if (!plain.startsWith("KIND ")) return text;
  const table = drawAgain(plain, experimentId);
  return plain === text ? table : paint(table);
}

/** The columns were as wide as the names were. */
function drawAgain(table: string, experimentId: string): string {
  const [head = [], ...rows] = table
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/).map((cell) => (cell === experimentId ? "1" : cell)));
  return drawTable(head, rows);
}

/** The same of JSON, of which this leaves out what is different each time. */
export function steadyValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(steadyValue);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => !LEFT_OUT.has(key));
  return Object.fromEntries(entries.map(([key, each]) => [key, key === "tags" ? steadyTags(each) : steadyValue(each)]));
}

function steadyTags(tags: unknown): unknown {
  return Object.fromEntries(Object.entries(tags ?? {}).filter(([key]) => STEADY_TAGS.has(key)));
}
