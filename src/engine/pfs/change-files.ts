import { findBranch, upstreamBranches } from "./branches.ts";
import { type CommitRow, alreadyFinished, commitById, goodRoot, sealCommit } from "./commits.ts";
import { refused } from "../fault.ts";
import { noteRewrites } from "./find-commits.ts";
import { finishWhenParentHas } from "./finish.ts";
import type { Hold } from "../store/hold.ts";
import { branchText } from "./names.ts";
import { inspectRepo } from "./repos.ts";
import { type CommitKey, resolveCommit } from "./resolve-commit.ts";
import { startCommit } from "./start-commit.ts";
import type { EngineState } from "../state.ts";
import type { Transaction } from "../transaction.ts";
import { type Edit, type NodeStore, applyEdits } from "../tree/tree.ts";

/**
 * Makes edits at once: in the open commit that the key names, or as a commit of their own on its branch. Answers that commit.
 * `plan` is asked again when another writer came first: with the root of the files as they are then. What it throws is final.
 * The hold is of all that the edits put into files.
 */
export async function changeFiles(
  state: EngineState,
  key: CommitKey,
  hold: Hold,
  plan: (root: string) => Promise<readonly Edit[]>,
): Promise<CommitRow> {
  for (;;) {
    const { root } = findTarget(state, key);
    hold.keep(root);
    const edits = await plan(root);
    const done = state.write((tx) => {
      const target = findTarget(state, key);
      if (target.root !== root) return undefined;
      const commit = target.open ?? startCommit(tx, key.repo, key.branch ?? "", "");
      changeCommit(tx, state.nodes, { ...commit, root }, edits);
      if (target.open === undefined) {
        sealCommit(tx, commit);
        finishWhenParentHas(tx, state.nodes, commitById(tx.db, commit.id));
      }
      return commitById(tx.db, commit.id);
    });
    if (done !== undefined) return done;
  }
}

/** Applies edits to the files of an open commit. */
export function changeCommit(
  { db }: Transaction,
  nodes: NodeStore,
  { id, root }: Pick<CommitRow, "id" | "root">,
  edits: readonly Edit[],
): void {
  const after = applyEdits(nodes, root, edits);
  db.run("UPDATE commits SET root = ? WHERE id = ?", after, id);
  noteRewrites({ db, nodes }, id, { before: root, after }, edits);
}

interface Target {
  /** The open commit to write into; undefined when a new one is to be made on the branch. */
  readonly open: CommitRow | undefined;
  /** The files that the changes are applied to. */
  readonly root: string;
}

/**
 * Where changes go. Only a branch gets a commit for them, and only where the request names it as one and names no commit.
 * Throws where there would be none: early, before all the changes were read.
 */
export function findTarget({ db }: EngineState, key: CommitKey): Target {
  const repo = inspectRepo(db, key.repo);
  const name = key.id === "" ? key.branch : undefined;
  const branch = name === undefined ? undefined : findBranch(db, repo.id, name);
  if (name !== undefined && branch === undefined) return { open: undefined, root: goodRoot(undefined) };
  const commit = branch === undefined ? resolveCommit(db, key) : commitById(db, branch.head);
  if (commit.finishing === null) return { open: commit, root: commit.root };
  if (branch === undefined) throw alreadyFinished(db, commit);
  if (upstreamBranches(db, branch.id).length > 0)
    throw refused(`cannot start a commit on an output branch: ${branchText(key.repo, branch.name)}`);
  return { open: undefined, root: goodRoot(commit) };
}
