import { status } from "@grpc/grpc-js";
import { type BranchKey, type BranchRow, branchLinks, findBranch, requireBranch, upstreamBranches } from "./branches.ts";
import { type CommitRow, commitById, insertCommit } from "./commits.ts";
import { nextTick } from "../cron.ts";
import type { Database } from "../store/database.ts";
import { Fault, refused, within } from "../fault.ts";
import { checkBranchName, checkNotCommitId, typedRepoText } from "./names.ts";
import { type RepoRow, repoById, repoForCommit, repoNotInProvenance } from "./repos.ts";
import type { Transaction } from "../transaction.ts";
import { type Trigger, checkTrigger } from "./triggers.ts";

export interface BranchRequest {
  /** The commit to point at; undefined leaves the head, or makes an empty one. */
  readonly head?: CommitRow | undefined;
  /** The branches that this one comes from; replaces what was there. */
  readonly provenance: readonly BranchKey[];
  /** Those of them whose changes make no commit on this branch. */
  readonly silent?: readonly BranchKey[] | undefined;
  /** What moves the branch by itself; undefined leaves what was there. */
  readonly trigger?: Trigger | undefined;
}

/**
 * Creates a branch, or moves it and replaces its provenance. Where it has no head or a new provenance, it gets an empty
 * commit: finished when it comes from nothing, else open, for a pipeline or a user to fill.
 */
export function createBranch(tx: Transaction, key: BranchKey, request: BranchRequest): BranchRow {
  const { db } = tx;
  checkRequest(db, key, request);
  const upstream = request.provenance.map((branch) => ensureBranch(tx, branch));
  const repo = repoForCommit(db, key.repo, tx.setId);
  if (request.head !== undefined && request.head.repo !== repo.id)
    throw refused("branch and head commit must belong to the same repo");
  if (request.head?.forgotten) throw refused("the branch head cannot be a forgotten commit");
  if (upstream.some((branch) => branch.repo === repo.id)) throw repoNotInProvenance(repo);
  const existing = findBranch(db, repo.id, key.name);
  const head = request.head ?? (existing === undefined ? undefined : commitById(db, existing.head));
  const isRewired = upstream.length > 0 && !isSame(existing === undefined ? [] : upstreamBranches(db, existing.id), upstream);
  const newHead = head === undefined || isRewired ? makeHead(tx, repo, key.name, upstream, head) : head;
  return within("create branch: update head", () => {
    const branch = putBranch(tx, repo.id, key.name, newHead.id);
    replaceProvenance(tx, branch, upstream, silentOnes(db, request));
    if (request.trigger !== undefined) setTrigger(tx, branch, request.trigger);
    if (newHead.id !== existing?.head || request.head !== undefined) tx.movedBranches.add(branch.id);
    return branch;
  });
}

function checkRequest(db: Database, key: BranchKey, request: BranchRequest): void {
  if (request.trigger !== undefined) {
    checkTrigger(db, key, request.trigger);
    if (request.provenance.length > 0) throw refused("a branch cannot have both provenance and a trigger");
  }
  const given = new Set(request.provenance.map(keyText));
  const unknown = request.silent?.map(keyText).find((text) => !given.has(text));
  if (unknown !== undefined)
    throw refused(`branch propagation spec must reference provenant branch (referenced branch: ${unknown})`);
  for (const { name } of [...request.provenance, key]) checkBranchName(name);
}

function keyText({ repo, name }: BranchKey): string {
  return `${typedRepoText(repo)}@${name}`;
}

/** The branch, made with an empty commit where it is missing. Its repo must exist. */
function ensureBranch(tx: Transaction, key: BranchKey): BranchRow {
  const repo = within("create empty commit", () => repoForCommit(tx.db, key.repo, tx.setId));
  return findBranch(tx.db, repo.id, key.name) ?? putBranch(tx, repo.id, key.name, makeHead(tx, repo, key.name, [], undefined).id);
}

function makeHead(
  tx: Transaction,
  repo: RepoRow,
  branch: string,
  upstream: readonly BranchRow[],
  parent: CommitRow | undefined,
): CommitRow {
  const provenance = upstream.map((row) => row.head);
  const finished = upstream.length === 0;
  return insertCommit(tx, { repo, branch, parent, origin: "AUTO", description: "", provenance, finished });
}

function isSame(before: readonly BranchRow[], after: readonly BranchRow[]): boolean {
  const ids = new Set(after.map(({ id }) => id));
  return before.length === ids.size && before.every(({ id }) => ids.has(id));
}

/** Points a branch, made where it is missing, at a commit of its repo. */
export function putBranch(tx: Transaction, repoId: number, name: string, head: number): BranchRow {
  checkNotCommitId(name);
  tx.db.run(
    `INSERT INTO branches (repo, name, head, created, updated) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (repo, name) DO UPDATE SET head = excluded.head, updated = excluded.updated`,
    repoId,
    name,
    head,
    tx.now,
    tx.now,
  );
  const row = findBranch(tx.db, repoId, name);
  if (row === undefined) throw new Error(`branch ${name} vanished while it was written`);
  return row;
}

function silentOnes(db: Database, { silent = [] }: BranchRequest): Set<number> {
  return new Set(silent.map((key) => requireBranch(db, key).id));
}

function replaceProvenance(
  { db }: Transaction,
  branch: BranchRow,
  upstream: readonly BranchRow[],
  silent: ReadonlySet<number>,
): void {
  const downstream = new Set(branchLinks(db, branch.id, "subvenance").map(({ id }) => id));
  const circular = upstream.find(({ id }) => downstream.has(id));
  if (circular !== undefined) {
    const [up, down] = [circular, branch].map((row) => keyText({ repo: repoById(db, row.repo), name: row.name }));
    throw new Fault(status.INTERNAL, `cycle detected because ${up} is already in the subvenance of ${down}`);
  }
  db.run("DELETE FROM branch_provenance WHERE branch = ?", branch.id);
  for (const id of new Set(upstream.map((row) => row.id)))
    db.run("INSERT INTO branch_provenance (branch, upstream, never) VALUES (?, ?, ?)", branch.id, id, Number(silent.has(id)));
}

function setTrigger(tx: Transaction, branch: BranchRow, trigger: Trigger): void {
  within("updating branch trigger", () => requireBranch(tx.db, { repo: repoById(tx.db, branch.repo), name: trigger.branch }));
  const tick = trigger.cronSpec === "" ? null : (nextTick(trigger.cronSpec, tx.now) ?? null);
  tx.db.run("UPDATE branches SET trigger_spec = ?, next_tick = ? WHERE id = ?", JSON.stringify(trigger), tick, branch.id);
}
