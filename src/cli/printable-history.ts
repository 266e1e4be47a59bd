import { nodeToJson } from "../lineage/describe.ts";
import { drawHistory } from "../lineage/draw/history.ts";
import { concludingLines, timeText } from "../lineage/draw/words.ts";
import type { Edge, Graph, Node } from "../lineage/graph.ts";
import type { History, LogEntry } from "../lineage/log.ts";
import { referenceTo } from "../lineage/reference.ts";
import type { Urn } from "../lineage/urn.ts";
import { formatUrn } from "../lineage/urn.ts";
import type { Printable } from "./print.ts";

const HEAD = ["COMMIT", "BRANCHES", "STATE", "TIME", "RUNS", "MODELS"] as const;

/** A history in all formats. */
export function printableHistory(history: History, rails: boolean): Printable {
  const { root, complete, gaps, left, entries } = history;
  const head = { version: 1, kind: "log", root, complete, gaps, left } as const;
  return {
    text: () => drawHistory(history, { rails }),
    table: () => ({ head: HEAD, rows: Array.from(entries, rowOf) }),
    value: () => ({ ...head, commits: Array.from(entries, entryToJson) }),
    *items() {
      yield* Iterator.from(entries).map(entryToJson);
      yield { end: head };
    },
    graph: () => graphOf(entries),
    remarks: () => concludingLines(gaps),
  };
}

function entryToJson({ commit, branches, job, runs, parents }: LogEntry): object {
  return {
    ...nodeToJson(commit),
    branches,
    ...(job === undefined ? {} : { job: nodeToJson(job) }),
    runs: runs.map(({ run, models }) => ({
      ...nodeToJson(run),
      models: models.map(({ model, labels }) => ({ ...nodeToJson(model), labels })),
    })),
    parents,
  };
}

function rowOf({ commit, branches, runs }: LogEntry): readonly string[] {
  const models = runs.flatMap((made) => made.models.map(({ model, labels }) => [referenceTo(model), ...labels].join(" ")));
  const texts = [
    referenceTo(commit),
    branches.join(" "),
    commit.state ?? "",
    timeText(commit.time),
    runs.map(({ run }) => run.id).join(" "),
    models.join(", "),
  ];
  return texts.map((text) => (text === "" ? "-" : text));
}

/** The commits with those that they follow, and with the runs and models that were made with them. */
function graphOf(entries: Iterable<LogEntry>): Graph {
  const nodes = new Map<Urn, Node>();
  const edges: Edge[] = [];
  for (const { commit, runs, parents } of entries) {
    const own = formatUrn(commit);
    nodes.set(own, commit);
    for (const parent of parents) edges.push({ from: own, kind: "derived", to: parent });
    for (const { run, models } of runs) {
      nodes.set(formatUrn(run), run);
      edges.push({ from: own, kind: "generated", to: formatUrn(run) });
      for (const { model } of models) {
        nodes.set(formatUrn(model), model);
        edges.push({ from: formatUrn(model), kind: "generated", to: formatUrn(run) });
      }
    }
  }
  return { nodes, edges: edges.filter(({ to }) => nodes.has(to)) };
}
