// A process of its own, for its memory: `node lineage-load.ts ours FILE FAMILIES`, or `bare FILE INDEX` for the same rows bare.
import { DatabaseSync } from "node:sqlite";
import { LineageIndex } from "../src/lineage/store/lineage-index.ts";
import type { Statement } from "../src/lineage/store/lineage-index.ts";
import { SCHEMA } from "../src/lineage/store/schema.ts";
import type { Family } from "./lineage-graph.ts";
import { statements } from "./lineage-graph.ts";

const BATCH = 1_000;
type Row = readonly (string | number | null)[];

const [mode = "", file = "", from = ""] = process.argv.slice(2);
const took = mode === "ours" ? loadOurs(file, JSON.parse(from) as Family[]) : loadBare(file, from);
process.stdout.write(JSON.stringify({ ...took, peakMiB: process.resourceUsage().maxRSS / 1024 }));

function loadOurs(path: string, families: readonly Family[]): { readonly ms: number; readonly edges: number } {
  using index = new LineageIndex(path);
  let ms = 0;
  let edges = 0;
  for (const batch of batches(statements(families))) {
    const startedAt = performance.now();
    index.write((writer) => {
      for (const statement of batch) writer.say(statement);
    });
    ms += performance.now() - startedAt;
    edges += batch.reduce((sum, statement: Statement) => sum + statement.edges.length, 0);
  }
  return { ms, edges };
}

/** The same rows into the same tables with the same indexes, by prepared statements that know all numbers already. */
function loadBare(path: string, indexFile: string): { readonly ms: number } {
  using source = new LineageIndex(indexFile);
  using sqlite = new DatabaseSync(path);
  sqlite.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536");
  sqlite.exec(SCHEMA);
  const insertNode = sqlite.prepare(
    "INSERT INTO node(id, key, kind, rank, since, gone, flags, facts) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const insertEdge = sqlite.prepare("INSERT INTO edge(source, kind, target, owner, facts) VALUES(?, ?, ?, ?, ?)");
  const nodes = source.prepareTuples("SELECT id, key, kind, rank, since, gone, flags, facts FROM node ORDER BY id").iterate();
  let ms = 0;
  for (const batch of batches(nodes as unknown as Iterable<Row>)) {
    const rows = batch.map((node) => ({
      node,
      edges: source.tuples<Row>("SELECT source, kind, target, owner, facts FROM edge WHERE source = ?", node[0] ?? 0),
    }));
    const startedAt = performance.now();
    sqlite.exec("BEGIN IMMEDIATE");
    for (const { node, edges } of rows) {
      insertNode.run(...node);
      for (const edge of edges) insertEdge.run(...edge);
    }
    sqlite.exec("COMMIT");
    ms += performance.now() - startedAt;
  }
  return { ms };
}

function* batches<Item>(items: Iterable<Item>): IterableIterator<readonly Item[]> {
  let batch: Item[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}
