import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BranchKey, inspectBranch } from "../../src/engine/pfs/branches.ts";
import { changeCommit } from "../../src/engine/pfs/change-files.ts";
import { type CommitRow, commitById, sealCommit } from "../../src/engine/pfs/commits.ts";
import { createBranch } from "../../src/engine/pfs/create-branch.ts";
import { deleteBranch } from "../../src/engine/pfs/delete-branch.ts";
import { deleteAllProjects } from "../../src/engine/pfs/delete-projects.ts";
import { smallFileHash } from "../../src/engine/store/file-hash.ts";
import { USER_TAG, fileEntry, fileKey } from "../../src/engine/files/file-entry.ts";
import { finishWhenParentHas } from "../../src/engine/pfs/finish.ts";
import type { RepoKey } from "../../src/engine/pfs/names.ts";
import { createProject, listProjects } from "../../src/engine/pfs/projects.ts";
import { forgetCommit, removeCommit } from "../../src/engine/pfs/remove-commits.ts";
import { createRepo, listRepos } from "../../src/engine/pfs/repos.ts";
import { resolveCommit } from "../../src/engine/pfs/resolve-commit.ts";
import { startCommit } from "../../src/engine/pfs/start-commit.ts";
import { EngineState } from "../../src/engine/state.ts";
import { entries } from "../../src/engine/tree/tree.ts";
import { type Trigger, fireDueTriggers, nextTriggerTick } from "../../src/engine/pfs/triggers.ts";

// What the engine does where pachd does otherwise, or where a test over the network could only wait.

const RAW: RepoKey = { project: "default", name: "raw", type: "user" };
const CLEAN: RepoKey = { project: "default", name: "clean", type: "user" };
const master = (repo: RepoKey): BranchKey => ({ repo, name: "master" });

let home: string;
let state: EngineState;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "stemma-history-"));
  state = await EngineState.open(home);
  state.write((tx) => {
    for (const repo of [RAW, CLEAN]) createRepo(tx, repo, "");
  });
});
afterEach(() => {
  state.close();
  rmSync(home, { recursive: true });
});

const current = ({ id }: CommitRow): CommitRow => commitById(state.db, id);
const head = (repo: RepoKey, branch = "master"): CommitRow =>
  commitById(state.db, inspectBranch(state.db, { repo, name: branch }).head);
const pathsOf = ({ root }: CommitRow): string[] => [...entries(state.nodes, root)].map(({ key }) => key.split("\0")[0] ?? "");

/** Writes an empty file. */
function put(commit: CommitRow, path: string): void {
  const entry = fileEntry({ chunks: [], bytes: 0, hash: smallFileHash(new Uint8Array()) });
  state.write((tx) => changeCommit(tx, state.nodes, current(commit), [{ key: fileKey(path, USER_TAG), entry }]));
}

function finish(commit: CommitRow, error = ""): void {
  state.write((tx) => {
    sealCommit(tx, current(commit), "", error);
    finishWhenParentHas(tx, state.nodes, current(commit));
  });
}

function start(repo: RepoKey, parent?: CommitRow): CommitRow {
  return state.write((tx) => startCommit(tx, repo, "master", "", parent && current(parent)));
}

function commit(repo: RepoKey, path: string, error = ""): CommitRow {
  const started = start(repo);
  put(started, path);
  finish(started, error);
  return started;
}

const tick = (now: number): void => state.write((tx) => fireDueTriggers(tx, now));
const due = (): number => nextTriggerTick(state.db) ?? expect.fail("nothing is due");

describe("commits finished in the wrong order", () => {
  let [first, second]: CommitRow[] = [];
  beforeEach(() => {
    state.write((tx) => createBranch(tx, master(CLEAN), { provenance: [master(RAW)] }));
    first = head(CLEAN);
    commit(RAW, "/raw");
    second = head(CLEAN);
  });
  const both = (): [CommitRow, CommitRow] => [first ?? expect.fail("no first"), second ?? expect.fail("no second")];

  test("are finished when the first of them is, and have each other's files", () => {
    const [older, newer] = both();
    put(older, "/older");
    put(newer, "/newer");
    finish(newer);
    expect(current(newer)).toMatchObject({ finishing: expect.any(Number), finished: null });
    finish(older);
    expect([older, newer].map((row) => current(row).finished)).toEqual([expect.any(Number), expect.any(Number)]);
    expect(pathsOf(current(newer))).toEqual(["/newer", "/older"]);
  });

  test("show, while they are open, what came into the one before", () => {
    const [older, newer] = both();
    put(newer, "/newer");
    put(older, "/older");
    finish(older);
    expect(current(newer).finishing).toBeNull();
    expect(pathsOf(current(newer))).toEqual(["/newer", "/older"]);
  });

  test("take over nothing from one that ended with an error", () => {
    const [older, newer] = both();
    put(older, "/older");
    put(newer, "/newer");
    finish(newer);
    finish(older, "boom");
    expect(pathsOf(current(newer))).toEqual(["/newer"]);
  });
});

test("a commit that is not there is NOT_FOUND also by a name that is no id; pachd panics", () => {
  expect(() => resolveCommit(state.db, { repo: RAW, branch: undefined, id: "xyz" })).toThrow(
    'pick commit tx: commit default/raw@xyz not found\nbranch "xyz" not found in repo default/raw',
  );
});

test("squashing a good commit loses nothing where its child has an error", () => {
  const [good] = [commit(RAW, "/good"), commit(RAW, "/bad", "boom")];
  state.write((tx) => removeCommit(tx, "squash", current(good), false));
  expect(pathsOf(commit(RAW, "/next") && head(RAW))).toEqual(["/good", "/next"]);
});

test("a parent in another repo must be finished, since nothing would finish its children if that repo were deleted", () => {
  const parent = start(RAW);
  expect(() => start(CLEAN, parent)).toThrow("has not been finished");
});

test("a forgotten commit has no files, and nothing can be built on it; its child keeps its own", () => {
  state.write((tx) => createBranch(tx, master(CLEAN), { provenance: [master(RAW)] }));
  const forgotten = head(CLEAN);
  put(forgotten, "/a");
  finish(forgotten);
  commit(RAW, "/raw");
  finish(head(CLEAN));
  state.write((tx) => forgetCommit(tx, current(forgotten)));
  expect([pathsOf(current(forgotten)), pathsOf(head(CLEAN))]).toEqual([[], ["/a"]]);
  const request = { head: current(forgotten), provenance: [] };
  expect(() => state.write((tx) => createBranch(tx, { repo: CLEAN, name: "back" }, request))).toThrow(
    "cannot be a forgotten commit",
  );
  expect(() => start(RAW, forgotten)).toThrow("was forgotten");
});

test("deleting all leaves an empty project default", () => {
  commit(RAW, "/a");
  state.write((tx) => createProject(tx, "other", "", false));
  state.write((tx) => deleteAllProjects(tx));
  expect([listRepos(state.db, "", []), listProjects(state.db).map(({ name }) => name)]).toEqual([[], ["default"]]);
});

describe("a trigger with a schedule", () => {
  const HOUR_MS = 3_600_000;
  const trigger: Trigger = { branch: "stage", all: false, rateLimitSpec: "", size: "", commits: 1, cronSpec: "@every 1h" };
  beforeEach(() => {
    state.write((tx) => createBranch(tx, { repo: RAW, name: "stage" }, { provenance: [] }));
    state.write((tx) => createBranch(tx, master(RAW), { provenance: [], trigger }));
  });

  test("fires on it, and not when its conditions hold", () => {
    const before = head(RAW);
    const staged = state.write((tx) => startCommit(tx, RAW, "stage", ""));
    finish(staged);
    tick(due() - 1);
    expect(head(RAW).id).toBe(before.id);
    tick(due());
    expect(head(RAW).id).toBe(staged.id);
  });

  test("fires once for all ticks that were missed", () => {
    state.write((tx) => createBranch(tx, master(CLEAN), { provenance: [master(RAW)] }));
    const [before, late] = [head(CLEAN), due() + 5 * HOUR_MS];
    tick(late);
    expect(head(CLEAN).parent).toBe(before.id);
    expect(due()).toBeGreaterThan(late);
  });

  test("is over when the branch that it watches is deleted by force", () => {
    state.write((tx) => deleteBranch(tx, { repo: RAW, name: "stage" }, true));
    expect(nextTriggerTick(state.db)).toBeUndefined();
  });
});
