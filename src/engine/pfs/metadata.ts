import { status } from "@grpc/grpc-js";
import type { Database } from "../store/database.ts";
import { Fault } from "../fault.ts";

/** Notes on something, text by key: what `metadata` of an Info message shows. */
export type Metadata = Readonly<Record<string, string>>;

/** One change of such notes. `add` refuses a key that is there; `edit` and `delete` do not mind. */
export type MetadataEdit =
  | { readonly kind: "replace"; readonly metadata: Metadata }
  | { readonly kind: "add" | "edit"; readonly key: string; readonly value: string }
  | { readonly kind: "delete"; readonly key: string };

/** What can have notes, and the row that it is: the cluster has one setting. */
export type MetadataTarget =
  | { readonly table: "repos" | "branches" | "commits" | "pipelines"; readonly id: number }
  | { readonly table: "projects"; readonly name: string }
  | { readonly table: "cluster" };

const CLUSTER = "metadata";

/** The notes that a row of one of these tables holds. */
export function metadataOf(row: { readonly metadata: string }): Metadata {
  return JSON.parse(row.metadata) as Metadata;
}

export function clusterMetadata(db: Database): Metadata {
  const row = db.get<{ metadata: string }>("SELECT value AS metadata FROM settings WHERE key = ?", CLUSTER);
  return row === undefined ? {} : metadataOf(row);
}

/** Changes the notes of what is there. Throws FAILED_PRECONDITION for a key that is to be added and exists. */
export function editMetadata(db: Database, target: MetadataTarget, edit: MetadataEdit): void {
  const after = JSON.stringify(edited(findMetadata(db, target), edit));
  if (target.table === "cluster")
    db.run("INSERT INTO settings VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", CLUSTER, after);
  else if (target.table === "projects") db.run("UPDATE projects SET metadata = ? WHERE name = ?", after, target.name);
  else db.run(`UPDATE ${target.table} SET metadata = ? WHERE id = ?`, after, target.id);
}

function findMetadata(db: Database, target: MetadataTarget): Metadata {
  if (target.table === "cluster") return clusterMetadata(db);
  const [column, key] = target.table === "projects" ? ["name", target.name] : ["id", target.id];
  const row = db.get<{ metadata: string }>(`SELECT metadata FROM ${target.table} WHERE ${column} = ?`, key ?? "");
  if (row === undefined) throw new Error(`no row ${key} of ${target.table} to annotate`);
  return metadataOf(row);
}

function edited(before: Metadata, edit: MetadataEdit): Metadata {
  if (edit.kind === "replace") return edit.metadata;
  const after = new Map(Object.entries(before));
  if (edit.kind === "add" && after.has(edit.key))
    throw new Fault(
      status.FAILED_PRECONDITION,
      `add_key target key ${JSON.stringify(edit.key)} already exists; use edit_key instead`,
    );
  if (edit.kind === "delete") after.delete(edit.key);
  else after.set(edit.key, edit.value);
  return Object.fromEntries(after);
}
