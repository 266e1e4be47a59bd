import { statSync } from "node:fs";
import type { LineageIndex } from "../lineage/store/lineage-index.ts";
import { NODE_KINDS } from "../lineage/urn.ts";
import { formatBytes } from "./table.ts";

/** Where an index is, of when it is, and how much of each kind it holds. The lines are ended. */
export function statusText(index: LineageIndex, file: string): string {
  const rows = [
    ["index", `${file}  ${formatBytes(statSync(file).size)}`],
    ...["pachyderm", "mlflow"].map((name) => [name, index.cursor(`synced:${name}`) ?? "not read yet"]),
    ...countsByKind(index).map(([kind, count]) => [kind, count.toLocaleString("en-US")]),
    ["edges", countOf(index, "SELECT count(*) AS count FROM edge").toLocaleString("en-US")],
    ["gone", countOf(index, "SELECT count(*) AS count FROM node WHERE gone IS NOT NULL").toLocaleString("en-US")],
  ];
  const width = Math.max(...rows.map(([name = ""]) => name.length));
  return `${rows.map(([name = "", text = ""]) => `${name.padEnd(width)}  ${text}`).join("\n")}\n`;
}

function countsByKind(index: LineageIndex): ReadonlyArray<readonly [kind: string, count: number]> {
  return index
    .all<{ kind: number; count: number }>("SELECT kind, count(*) AS count FROM node GROUP BY kind ORDER BY kind")
    .map(({ kind, count }) => [NODE_KINDS[kind] ?? "other", count]);
}

function countOf(index: LineageIndex, sql: string): number {
  return index.get<{ count: number }>(sql)?.count ?? 0;
}
