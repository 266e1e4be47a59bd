import { oneLine } from "../describe.ts";
import type { History, LogEntry, MadeModel } from "../log.ts";
import { plainText } from "../plain-text.ts";
import { referenceTo } from "../reference.ts";
import { layoutRails } from "./rail.ts";
import { concludingLines, metricsText, timeText } from "./words.ts";

/** So many digits of an id are enough to be typed back. */
const SHORT = 12;

/** One line a commit, with rails on the left when asked for. The last lines say what is left out, and "complete" or what is missing. */
export function drawHistory(history: History, { rails }: { readonly rails: boolean }): string {
  const lines = rails ? [...railLines(history)] : Array.from(history.entries, entryLine);
  if (history.left > 0) lines.push(`… and ${history.left} older: --number 0 shows all`);
  return `${[...lines, ...concludingLines(history.gaps)].join("\n")}\n`;
}

function* railLines({ rows, entries }: History): Generator<string, void, undefined> {
  const texts = Iterator.from(entries).map(entryLine);
  for (const { rail, row } of layoutRails(rows)) yield row === undefined ? rail : `${rail} ${texts.next().value ?? ""}`;
}

/** Where it is, when it was made, by what, and what came out of it. */
function entryLine({ commit, branches, job, runs }: LogEntry): string {
  const parts = [
    `${referenceTo({ ...commit, id: commit.id.slice(0, SHORT) })}${branches.length === 0 ? "" : ` (${branches.join(", ")})`}`,
    timeText(commit.time),
    commit.gone === undefined ? "" : "gone",
    job === undefined ? (commit.state === "finished" ? "" : (commit.state ?? "")) : `job ${job.state ?? "unknown"}`,
    plainText(commit.description ?? ""),
    ...runs.flatMap(({ run, models }) => [
      `run ${run.id.slice(0, SHORT)}${run.name === undefined ? "" : ` ${JSON.stringify(run.name)}`} ${metricsText(run.metrics ?? {}, 2)}`.trim(),
      ...models.map(modelText),
    ]),
  ];
  return parts
    .filter((part) => part !== "")
    .map(oneLine)
    .join("  ");
}

function modelText({ model, labels }: MadeModel): string {
  return `${referenceTo(model)}${labels.length === 0 ? "" : ` (${labels.join(", ")})`}`;
}
