import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { branchOf, commitCalls } from "./commit-calls.ts";
import { Pachd, type RepoName, commitOf, expectFault, pfs } from "./pachd.ts";

let pachd: Pachd;
beforeAll(async () => {
  pachd = await Pachd.connect();
});
afterAll(() => pachd.close());

const { finish, idOf, inspect, missingRepo, putSome, start, textOf } = commitCalls(() => pachd);

describe("a commit is named", () => {
  let repo: RepoName;
  let ids: string[];
  beforeAll(async () => {
    repo = await pachd.newRepo();
    ids = await putSome(repo, 5);
  });

  test.each([
    ["by a branch, as its name", { id: "master" }, 4],
    ["by a branch, as its branch", { branch: "master" }, 4],
    ["by ^, as the one before", { id: "master^" }, 3],
    ["by ^^, as the one before that", { id: "master^^" }, 2],
    ["by ^3, as the third before", { id: "master^3" }, 1],
    ["by ^0, as itself", { id: "master^0" }, 4],
    ["by ~, as by ^", { id: "master~" }, 3],
    ["by ~~, as by ^^", { id: "master~~" }, 2],
    ["by ~2, as by ^2", { id: "master~2" }, 2],
    ["by .1, as the first of its branch", { id: "master.1" }, 0],
    ["by .3, as the third of its branch", { id: "master.3" }, 2],
    ["by one past the last, as the last", { id: "master.6" }, 4],
    ["by .3^, as the one before the third", { id: "master.3^" }, 1],
    ["by .4~2, as the second before the fourth", { id: "master.4~2" }, 1],
    ["by an ancestry alone, of its branch", { branch: "master", id: "^2" }, 2],
    ["by a place alone, of its branch", { branch: "master", id: ".2" }, 1],
  ] as const)("%s", async (_, name: { id?: string; branch?: string }, index) => {
    const { id = "", branch } = name;
    expect(await idOf({ repo, id, ...(branch !== undefined && { branch: branchOf(repo, branch) }) })).toBe(ids[index]);
  });

  test("by its id, with an ancestry too, whatever branch is beside it", async () => {
    expect(await idOf({ repo, id: ids[2], branch: branchOf(repo, "nope") })).toBe(ids[2]);
    expect(await idOf({ repo, id: `${ids[2]}^2` })).toBe(ids[0]);
  });

  test("by its id in capital letters", async () => {
    expect(await idOf({ repo, id: ids[2]?.toUpperCase() })).toBe(ids[2]);
  });

  test.each([
    ["further back than there are commits", "master^9", "offset requested: 9, offset traversable: 4"],
    ["by a place further on than one past the last", "master.7", "offset: 6, maximum depth: 5"],
    ["by the place 0", "master.0", "invalid offset from branch root for head commit"],
    ["by ^ and ~ together", "master^~", "invalid ancestry format"],
    ["by a number after several ^", "master^^2", "invalid ancestry format"],
    ["by a . without a place", "master.", "invalid ancestry format"],
    ["as one before the first", "master.1^", "there should be less ancestors than descendants"],
  ])("not %s", (_, id, text) => expectFault(inspect({ repo, id }), "UNKNOWN", "pick commit tx: ", text));

  test("not by the beginning of its id, which is taken for a branch", async () => {
    const id = ids[0]?.slice(0, 8) ?? "";
    await expectFault(inspect({ repo, branch: branchOf(repo, id) }), "NOT_FOUND", `branch "${id}" not found in repo`);
  });

  test("not by nothing", () =>
    expectFault(inspect({ repo }), "UNKNOWN", "pick commit tx: cannot pick commit with no ID or branch"));

  test("not without its repo", () => expectFault(inspect({ id: ids[0] }), "UNKNOWN", "commit must have a repo"));

  test("not by a branch or an id that is not there", async () => {
    const id = "00000000000040008000000000000000";
    await expectFault(
      inspect(commitOf(repo, "nope")),
      "NOT_FOUND",
      `pick commit tx: commit ${textOf(repo)} not found\nbranch "nope" not found in repo ${pachd.project}/${repo.name}`,
    );
    await expectFault(
      inspect(commitOf(repo, id)),
      "NOT_FOUND",
      `pick commit tx: commit ${textOf(repo, id)} not found\ncommit ${textOf(repo, id)} not found`,
    );
    await expectFault(
      inspect(commitOf(missingRepo())),
      "NOT_FOUND",
      `pick commit tx: commit ${pachd.project}/zzz@ not found\nrepo ${pachd.project}/zzz not found`,
    );
  });
});

//  one ──▶ both ◀── two
test("by the id of a set that has no commit in a repo, its older commit there is meant, which the set came from", async () => {
  const [one, two, both] = [await pachd.newRepo("one"), await pachd.newRepo("two"), await pachd.newRepo("both")];
  const older = await pachd.put(two, { "/a": "1" });
  await pachd.call(pfs.CreateBranch, { branch: branchOf(both), provenance: [branchOf(one), branchOf(two)] });
  const id = await pachd.put(one, { "/a": "1" });
  expect(await idOf({ repo: two, id })).toBe(older);
});

describe("waiting for a commit", () => {
  test("ends when it is finishing, or finished", async () => {
    const repo = await pachd.newRepo();
    const commit = await start(repo);
    const waits = [inspect(commit, "FINISHING"), inspect(commit, "FINISHED")];
    await finish(commit);
    const [finishing, finished] = await Promise.all(waits);
    expect([finishing?.finishing, finished?.finished]).toEqual([expect.anything(), expect.anything()]);
  });

  test("to be ready ends when all is finished that it comes from", async () => {
    const [up, down] = [await pachd.newRepo("up"), await pachd.newRepo("down")];
    const commit = await start(up);
    await pachd.call(pfs.CreateBranch, { branch: branchOf(down), provenance: [branchOf(up)] });
    const ready = inspect(commitOf(down), "READY");
    await finish(commit);
    expect((await ready).finished ?? undefined).toBeUndefined();
    expect((await inspect(commit)).finished).toBeDefined();
  });

  test("ends with a refusal when it is deleted", async () => {
    const repo = await pachd.newRepo();
    const commit = await start(repo);
    const waiting = expectFault(inspect(commit, "FINISHED"), "UNKNOWN", `commit ${textOf(repo, commit.id)} was deleted`);
    // Asked for after the wait on the same connection, so the wait is there first.
    await inspect(commit);
    await pachd.call(pfs.DropCommitSet, { commit_set: { id: commit.id ?? "" } });
    await waiting;
  });
});
