import type { Graph } from "../lineage/graph.ts";
import { concludingLines, timeText } from "../lineage/draw/words.ts";
import { referenceTo } from "../lineage/reference.ts";
import type { Why, WhyStep } from "../lineage/why.ts";
import { drawWhy, type WhyExtras } from "../lineage/why/draw.ts";
import { whyToJson } from "../lineage/why/why-json.ts";
import type { Printable } from "./print.ts";
import { firstLine } from "./table.ts";

const HEAD = ["WHAT", "FILES", "MADE BY", "PIPELINE", "RUNS", "TIME"] as const;

/** A chain in all formats; `graph` is the walk that it condenses. */
export function printableWhy(told: Why, extras: WhyExtras, graph: Graph): Printable {
  const value = whyToJson(told, extras);
  const { steps, ...head } = value;
  return {
    text: () => drawWhy(told, extras),
    table: () => ({ head: HEAD, rows: told.steps.map(rowOf) }),
    value: () => value,
    items: () => [...steps.map((step) => ({ step })), { end: head }],
    graph: () => graph,
    remarks: () => concludingLines(told.gaps),
  };
}

function rowOf({ what, made }: WhyStep): readonly string[] {
  const node = what.kind === "data" ? what.commit : what;
  const files = what.kind !== "data" || what.count === undefined ? "" : String(what.count);
  const pipeline = made?.pipeline === undefined ? "" : referenceTo(made.pipeline);
  const job = made?.job === undefined ? "" : referenceTo(made.job);
  const runs = made?.runs.map(({ id }) => id).join(" ") ?? "";
  return [referenceTo(node), files, job, pipeline, runs, timeText(node.time)].map((text) =>
    text === "" ? "-" : firstLine(text),
  );
}
