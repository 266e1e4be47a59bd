import type { Database } from "../store/database.ts";
import { type Fault, alreadyExists, notFound, refused, within } from "../fault.ts";
import { type RepoKey, checkRepoName, repoNotFound, repoText, typedRepoText } from "./names.ts";
import { findProject, inspectProject, missingProjectText } from "./projects.ts";
import type { Transaction } from "../transaction.ts";

export interface RepoRow {
  readonly id: number;
  readonly project: string;
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly created: number;
  readonly metadata: string;
}

const TYPES: ReadonlySet<string> = new Set(["user", "meta", "spec"]);
/** Commits of this repo are file sets. */
const FILE_SETS = "__filesets__";

/** Creates a repo, or with `update` gives one that is there another description. */
export function createRepo(tx: Transaction, key: RepoKey, description: string, update = false): void {
  const { db } = tx;
  if (key.name === FILE_SETS) throw refused(`${FILE_SETS} is a reserved name`);
  checkRepoName(key.name);
  within(`cannot find project "${key.project}"`, () => inspectProject(db, key.project));
  const existing = findRepo(db, key);
  if (existing === undefined) {
    checkType(db, key);
    insertRepo(tx, key, description);
  } else if (update) db.run("UPDATE repos SET description = ? WHERE id = ?", description, existing.id);
  else throw alreadyExists(`repo ${repoText(key)} already exists`);
}

/** Repos of other types belong to a user repo of the same name. */
function checkType(db: Database, key: RepoKey): void {
  if (!TYPES.has(key.type))
    throw refused(`error checking whether repo "${repoText(key)}" exists: invalid repo type "${key.type}"`);
  if (key.type === "user") return;
  within("cannot create a system repo without a corresponding 'user' repo", () => requireRepo(db, { ...key, type: "user" }));
}

function insertRepo(tx: Transaction, key: RepoKey, description: string): void {
  tx.db.run(
    "INSERT INTO repos (project, name, type, description, created) VALUES (?, ?, ?, ?, ?)",
    key.project,
    key.name,
    key.type,
    description,
    tx.now,
  );
}

export function findRepo(db: Database, key: RepoKey): RepoRow | undefined {
  return db.get("SELECT * FROM repos WHERE project = ? AND name = ? AND type = ?", key.project, key.name, key.type);
}

export function inspectRepo(db: Database, key: RepoKey): RepoRow {
  const row = findRepo(db, key);
  if (row === undefined) throw repoNotFound(key);
  return row;
}

/** The same, with the words of pachd's database layer where it is missing. */
export function requireRepo(db: Database, key: RepoKey): RepoRow {
  const row = findRepo(db, key);
  if (row === undefined) throw notFound(missingRepoText(db, key));
  return row;
}

/** What pachd's database layer says of a repo that is not there. */
export function missingRepoText(db: Database, key: RepoKey): string {
  const text = `repo (id=0, project=${key.project}, name=${key.name}, type=${key.type}) not found`;
  return findProject(db, key.project) === undefined ? `${missingProjectText(key.project)}\n${text}` : text;
}

/** The repo of a commit that is about to be made with an id. */
export function repoForCommit(db: Database, key: RepoKey, setId: string): RepoRow {
  const row = findRepo(db, key);
  if (row !== undefined) return row;
  const commit = `commit (int_id=0, commit_id=${typedRepoText(key)}@${setId}) not found`;
  throw notFound(`get commit by commit key: ${missingRepoText(db, key)}\n${commit}`);
}

export function repoById(db: Database, id: number): RepoRow {
  const row = db.get<RepoRow>("SELECT * FROM repos WHERE id = ?", id);
  if (row === undefined) throw new Error(`no repo with row id ${id}`);
  return row;
}

/** A part of a list; `index` counts pages of that size, from 0. */
export interface Page {
  readonly size: number;
  readonly index: number;
}

/** Sorted by project, then name. An empty type or an empty list of projects means all. */
export function listRepos(db: Database, type: string, projects: readonly string[], page?: Page): RepoRow[] {
  const names = JSON.stringify(projects);
  return db.all(
    `SELECT * FROM repos WHERE ? IN ('', type) AND (? = '[]' OR project IN (SELECT value FROM json_each(?)))
     ORDER BY project, name, id LIMIT ? OFFSET ?`,
    type,
    names,
    names,
    page?.size ?? -1,
    (page?.size ?? 0) * (page?.index ?? 0),
  );
}

/** Whether a repo is the output, the meta or the spec repo of a pipeline. */
export function isOfPipeline(db: Database, repo: RepoKey): boolean {
  return db.get("SELECT 1 FROM pipelines WHERE project = ? AND name = ?", repo.project, repo.name) !== undefined;
}

export function repoNotInProvenance(repo: RepoRow): Fault {
  return refused(`repo ${repoText(repo)} cannot be in the provenance of its own branch`);
}
