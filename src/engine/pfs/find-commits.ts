import { status } from "@grpc/grpc-js";
import { setImmediate } from "node:timers/promises";
import { chainFrom } from "./ancestry.ts";
import type { CommitRow } from "./commits.ts";
import type { Database } from "../store/database.ts";
import { Fault } from "../fault.ts";
import { writersOf } from "../files/file-set.ts";
import { repoText } from "./names.ts";
import { repoById } from "./repos.ts";
import { type Edit, type NodeStore, EMPTY_ROOT, diff, entries } from "../tree/tree.ts";

const PAGE = 100;

/** A commit that changed the file, or with `found` false the last one that was looked at; and how many were looked at before it. */
export interface Finding {
  readonly found: boolean;
  readonly commit: CommitRow;
  readonly searched: number;
}

/**
 * Looks from a commit back along its parents for those that wrote or deleted exactly this path, also where nothing changed by
 * it; after `limit` of them it ends (0: never). The last finding says where the search ended. Throws UNAVAILABLE at a commit
 * that is not finished.
 */
export async function* findCommits(
  stores: { readonly db: Database; readonly nodes: NodeStore },
  start: CommitRow,
  path: string,
  limit: number,
): AsyncIterableIterator<Finding> {
  let [searched, found] = [0, 0];
  for await (const commit of chain(stores.db, start)) {
    if (commit.finished === null) throw unfinished(stores.db, commit);
    const isFound = hasTouched(stores, commit, path);
    if (isFound) yield { found: true, commit, searched };
    searched += 1;
    found += Number(isFound);
    const isEnough = limit > 0 && found === limit;
    if (commit.parent === null || isEnough) yield { found: false, commit, searched };
    if (isEnough) return;
  }
}

/** In pages, between which others have their turn. */
async function* chain(db: Database, start: CommitRow): AsyncIterableIterator<CommitRow> {
  for (let next: number | null = start.id; next !== null; await setImmediate()) {
    const page: CommitRow[] = chainFrom(db, next, PAGE);
    yield* page;
    next = page.at(-1)?.parent ?? null;
  }
}

function hasTouched({ db, nodes }: { db: Database; nodes: NodeStore }, commit: CommitRow, path: string): boolean {
  const at = (root: string): string => JSON.stringify([...entries(nodes, root, writersOf(path))]);
  if (at(commit.base) !== at(commit.root)) return true;
  return db.get("SELECT 1 FROM rewrites WHERE commit_id = ? AND path = ?", commit.id, path) !== undefined;
}

function unfinished(db: Database, commit: CommitRow): Fault {
  return new Fault(status.UNAVAILABLE, `commit ${repoText(repoById(db, commit.repo))}@${commit.set_id} not finished`);
}

/** Notes for `findCommits` those edits of a commit's files, sorted by key, by which nothing changed. */
export function noteRewrites(
  stores: { readonly db: Database; readonly nodes: NodeStore },
  commitId: number,
  files: { readonly before: string; readonly after: string },
  edits: readonly Edit[],
): void {
  if (files.before === EMPTY_ROOT && edits.every(({ entry }) => entry !== undefined)) return;
  const changes = diff(stores.nodes, files.before, files.after);
  let change = changes.next();
  for (const { key } of edits) {
    while (change.done !== true && change.value.key < key) change = changes.next();
    if (change.done !== true && change.value.key === key) continue;
    const path = key.slice(0, key.indexOf("\0"));
    stores.db.run("INSERT INTO rewrites VALUES (?, ?) ON CONFLICT DO NOTHING", commitId, path);
  }
}
