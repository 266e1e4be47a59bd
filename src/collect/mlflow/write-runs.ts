import type { DatasetNode } from "../../lineage/graph.ts";
import { edgeKey } from "../../lineage/graph.ts";
import { encodeFacts } from "../../lineage/store/facts.ts";
import type { IndexWriter } from "../../lineage/store/index-writer.ts";
import type { LineageIndex, Statement } from "../../lineage/store/lineage-index.ts";
import { formatUrn } from "../../lineage/urn.ts";
import type { DatasetInput, Run } from "../../mlflow/types.ts";
import type { MlflowSource } from "../ports.ts";
import { foreignDatasets } from "../run-links.ts";
import { markAttempts } from "./attempts.ts";
import { runStatement } from "./run-statement.ts";

/**
 * Puts runs into an index; `seen` is when they were read. One that is known as it is stays, with what was added to it on demand.
 * Gives how many were new or other than before.
 */
export function writeRuns(
  index: LineageIndex,
  writer: IndexWriter,
  runs: readonly Run[],
  source: Pick<MlflowSource, "runLink">,
  seen: Date,
): number {
  const news = runs.filter((run) => {
    const known = index.statement(formatUrn({ kind: "run", id: run.id }));
    const gone = run.deleted ? (known?.gone ?? seen) : undefined;
    // Whether it is an attempt is decided below, by what others say: until then it stays what it was.
    const statement = { ...runStatement(run, source.runLink(run)), gone, attempt: known?.attempt };
    if (known !== undefined && saysTheSame(known, statement)) return false;
    writer.say(statement);
    lookAgainAtJobs(index, writer, known, statement);
    for (const dataset of foreignDatasets(run)) writer.tell({ node: toDatasetNode(dataset), rank: "told" });
    return true;
  });
  for (const { id } of news) markAttempts(index, writer, id);
  return news.length;
}

/**
 * A run that comes to be known after its job was looked into wrote files that nobody said it wrote. That job, and later ones that kept
 * its files, are looked into anew when a question comes to them.
 */
function lookAgainAtJobs(index: LineageIndex, writer: IndexWriter, before: Statement | undefined, now: Statement): void {
  const known = new Set(before?.edges.map(edgeKey));
  for (const edge of now.edges) {
    if (edge.kind !== "within" || known.has(edgeKey(edge)) || index.cursor(`expanded:${edge.to}`) === undefined) continue;
    writer.dropCursors(`expanded:${edge.to.slice(0, edge.to.lastIndexOf("@") + 1)}`);
  }
}

/** Whether all of a statement was said before. */
function saysTheSame(known: Statement, now: Statement): boolean {
  const edges = new Set(known.edges.map(edgeKey));
  return (
    known.rank === now.rank &&
    known.gone?.getTime() === now.gone?.getTime() &&
    encodeFacts(known.node) === encodeFacts(now.node) &&
    now.edges.every((edge) => edges.has(edgeKey(edge))) &&
    whysOf(known) === whysOf(now)
  );
}

function whysOf({ gaps = [] }: Statement): string {
  return gaps
    .map(({ why }) => why)
    .sort()
    .join("\n");
}

function toDatasetNode({ name, digest, sourceType, source }: DatasetInput): DatasetNode {
  return { kind: "dataset", name, digest, sourceType, source };
}
