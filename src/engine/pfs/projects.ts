import type { Database } from "../store/database.ts";
import { alreadyExists, notFound, within } from "../fault.ts";
import { DEFAULT_PROJECT, checkProjectName } from "./names.ts";
import type { Transaction } from "../transaction.ts";

export interface ProjectRow {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly created: number;
  readonly metadata: string;
}

/** Makes the project that always exists. */
export function ensureDefaultProject(db: Database): void {
  db.run(
    "INSERT INTO projects (name, description, created) VALUES (?, '', ?) ON CONFLICT DO NOTHING",
    DEFAULT_PROJECT,
    Date.now(),
  );
}

/** Creates a project, or gives one that is there another description. */
export function createProject(tx: Transaction, name: string, description: string, update: boolean): void {
  within("invalid project name", () => checkProjectName(name));
  if (update) {
    const { id } = within(`get project ${name}`, () => inspectProject(tx.db, name));
    tx.db.run("UPDATE projects SET description = ? WHERE id = ?", description, id);
    return;
  }
  if (findProject(tx.db, name) !== undefined)
    throw alreadyExists(`project "${name}" already exists\nproject ${name} already exists`);
  tx.db.run("INSERT INTO projects (name, description, created) VALUES (?, ?, ?)", name, description, tx.now);
}

export function findProject(db: Database, name: string): ProjectRow | undefined {
  return db.get("SELECT * FROM projects WHERE name = ?", name);
}

export function inspectProject(db: Database, name: string): ProjectRow {
  const row = findProject(db, name);
  if (row === undefined) throw notFound(missingProjectText(name));
  return row;
}

/** What pachd's database layer says of a project that is not there. */
export function missingProjectText(name: string): string {
  return `get project by name: project "${name}" not found`;
}

/** In the order in which they were made. */
export function listProjects(db: Database): ProjectRow[] {
  return db.all("SELECT * FROM projects ORDER BY id");
}
