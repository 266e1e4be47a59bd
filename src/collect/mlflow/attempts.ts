import type { RunNode } from "../../lineage/graph.ts";
import type { IndexWriter } from "../../lineage/store/index-writer.ts";
import type { LineageIndex } from "../../lineage/store/lineage-index.ts";
import type { RunRecord } from "./runs-in-index.ts";
import { findRunRecord } from "./runs-in-index.ts";

/** Marks, of the runs at the same work as this one, those that another one replaced. What comes out is the same in any order. */
export function markAttempts(index: LineageIndex, writer: IndexWriter, id: string): void {
  const run = findRunRecord(index, id);
  if (run === undefined) return;
  for (const work of worksOf(run.node)) join(index, writer, work, id);
  for (const each of new Map([run, ...companions(index, run.node)].map((member) => [member.node.id, member])).values()) {
    const attempt = isAttempt(index, each.node);
    if (attempt !== (each.attempt ?? false)) writer.tell({ ...each, attempt });
  }
}

/** A run of which MLflow made two; or one that did not get through, while another one at the same work did. */
function isAttempt(index: LineageIndex, run: RunNode): boolean {
  if (run.supersededBy !== undefined) return true;
  return hasFailed(run) && companions(index, run).some(({ node }) => hasFinished(node));
}

function hasFailed({ state = "" }: RunNode): boolean {
  return state.startsWith("failed") || state.startsWith("killed");
}

function hasFinished({ state = "" }: RunNode): boolean {
  return state.startsWith("finished");
}

/** What a run worked at, by names that other runs at it have too: its key, and its datum. */
function worksOf({ tags = {} }: RunNode): readonly string[] {
  const { "stemma.key": key, "pachyderm.job": job, "pachyderm.datum": datum } = tags;
  const pipeline = `${tags["pachyderm.project"] ?? "default"}/${tags["pachyderm.pipeline"] ?? ""}`;
  return [
    ...(key === undefined ? [] : [`key:${key}`]),
    ...(job === undefined || datum === undefined ? [] : [`datum:${pipeline}@${job}:${datum}`]),
  ];
}

/** The runs at the same work, perhaps with the run itself. */
function companions(index: LineageIndex, run: RunNode): readonly RunRecord[] {
  return worksOf(run).flatMap((work) => idsAt(index, work).flatMap((id) => findRunRecord(index, id) ?? []));
}

function join(index: LineageIndex, writer: IndexWriter, work: string, id: string): void {
  const ids = idsAt(index, work);
  if (!ids.includes(id)) writer.setCursor(cursorOf(work), [...ids, id].join(" "));
}

function idsAt(index: LineageIndex, work: string): readonly string[] {
  return (index.cursor(cursorOf(work)) ?? "").split(" ").filter((id) => id !== "");
}

function cursorOf(work: string): string {
  return `mlflow:runs-at:${work}`;
}
