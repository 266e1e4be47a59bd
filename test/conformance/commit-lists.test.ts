import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { branchOf, commitCalls } from "./commit-calls.ts";
import { Pachd, type RepoName, commitOf, expectFault, pfs } from "./pachd.ts";

let pachd: Pachd;
beforeAll(async () => {
  pachd = await Pachd.connect();
});
afterAll(() => pachd.close());

const { finish, idOf, inspect, missingRepo, putSome, start } = commitCalls(() => pachd);

const subscribe = async (request: object, count: number) =>
  (await pachd.collect(pfs.SubscribeCommit, request, count)).map(({ commit }) => commit?.id);

const find = async (repo: RepoName, request: object) => {
  const replies = await pachd.collect(pfs.FindCommits, { start: commitOf(repo), ...request });
  const last = replies.at(-1);
  return {
    found: replies.flatMap(({ found_commit }) => found_commit?.id ?? []),
    last: last?.last_searched_commit?.id,
    searched: last?.commits_searched,
    replies: replies.length,
  };
};

describe("a list of commits", () => {
  let repo: RepoName;
  let ids: string[];
  beforeAll(async () => {
    repo = await pachd.newRepo();
    ids = await putSome(repo, 4);
    // An empty AUTO commit on another branch.
    await pachd.call(pfs.CreateBranch, { branch: branchOf(repo, "other") });
    ids.push((await idOf(commitOf(repo, "other"))) ?? "");
  });
  const list = async (request: object) =>
    (await pachd.collect(pfs.ListCommit, { repo, ...request })).map(({ commit }) => ids.indexOf(commit?.id ?? ""));
  const named = (index: number) => commitOf(repo, ids[index]);

  test("has all of the repo, newest first, whatever their branch", async () => {
    expect(await list({})).toEqual([4, 3, 2, 1, 0]);
  });

  test("has the oldest first when it is reversed, and no more than asked for", async () => {
    expect(await list({ reverse: true })).toEqual([0, 1, 2, 3, 4]);
    expect(await list({ number: "2" })).toEqual([4, 3]);
    expect(await list({ number: "2", reverse: true })).toEqual([0, 1]);
  });

  test("has only those of an origin, if one is given and not all are asked for", async () => {
    expect(await list({ origin_kind: "AUTO" })).toEqual([4]);
    expect(await list({ origin_kind: "USER" })).toEqual([3, 2, 1, 0]);
    expect(await list({ origin_kind: "USER", number: "2" })).toEqual([3, 2]);
    expect(await list({ origin_kind: "AUTO", all: true })).toEqual([4, 3, 2, 1, 0]);
  });

  test("goes back from a commit along its parents, and ends before another", async () => {
    expect(await list({ to: commitOf(repo) })).toEqual([3, 2, 1, 0]);
    expect(await list({ to: named(2), number: "2" })).toEqual([2, 1]);
    expect(await list({ to: named(3), from: named(1) })).toEqual([3, 2]);
    expect(await list({ to: named(1), from: named(1) })).toEqual([]);
  });

  test("has only those that were started before a time, or reversed after it", async () => {
    const { started } = await inspect(named(2));
    const [older, newer] = [await list({ started_time: started }), await list({ started_time: started, reverse: true })];
    expect(older).not.toContain(2);
    expect(newer).not.toContain(2);
    expect(new Set([...older, 2, ...newer])).toEqual(new Set([0, 1, 2, 3, 4]));
  });

  test("says how large each commit is at most", async () => {
    const [info] = await pachd.collect(pfs.ListCommit, { repo, to: named(3), number: "1" });
    expect(info).toMatchObject({ size_bytes_upper_bound: "1", details: { size_bytes: "1" } });
  });

  test.each([
    ["that begins after a commit without an end", () => ({ from: named(0) }), "cannot use `from` commit without `to` commit"],
    ["reversed, with an end", () => ({ to: named(3), reverse: true }), "cannot use 'Reverse' while also using 'From' or 'To'"],
    [
      "with an end in another repo",
      () => ({ to: { repo: { ...repo, name: "other" }, id: ids[0] } }),
      "`from` and `to` commits need to be from repo",
    ],
  ])("%s is refused", (_, request, text) => expectFault(list(request()), "UNKNOWN", text));

  test("that ends at a commit that is not there is refused", () =>
    expectFault(list({ to: commitOf(repo, "nope") }), "NOT_FOUND", 'branch "nope" not found'));

  test("of a repo that is not there is refused", () =>
    expectFault(list({ repo: missingRepo() }), "NOT_FOUND", `ensure repo exists: repo ${pachd.project}/zzz not found`));

  test("needs a repo", () => expectFault(pachd.collect(pfs.ListCommit, {}), "UNKNOWN", "repo cannot be nil"));
});

describe("a subscription to commits", () => {
  test("begins with those that are there, oldest first, and goes on with new ones", async () => {
    const repo = await pachd.newRepo();
    const ids = await putSome(repo, 2);
    const seen = subscribe({ repo, branch: "master", state: "FINISHED" }, 3);
    ids.push(await pachd.put(repo, { "/c": "3" }));
    expect(await seen).toEqual(ids);
  });

  test("brings each one when it has reached the state", async () => {
    const repo = await pachd.newRepo();
    const commit = await start(repo);
    const seen = pachd.collect(pfs.SubscribeCommit, { repo, state: "FINISHED" }, 1);
    await finish(commit);
    expect((await seen)[0]).toMatchObject({ commit: { id: commit.id }, finished: expect.anything() });
  });

  test("brings only those of a branch, and of an origin", async () => {
    const repo = await pachd.newRepo();
    await pachd.call(pfs.CreateBranch, { branch: branchOf(repo) });
    const [, second] = [await pachd.put(repo, { "/a": "1" }, "side"), await pachd.put(repo, { "/b": "2" })];
    expect(await subscribe({ repo, branch: "master", origin_kind: "USER" }, 1)).toEqual([second]);
  });

  test("needs a repo that is there", () =>
    expectFault(
      pachd.collect(pfs.SubscribeCommit, { repo: missingRepo() }),
      "NOT_FOUND",
      `get repo ID: repo (id=0, project=${pachd.project}, name=zzz, type=user) not found`,
    ));

  test("cannot begin at a commit of another repo", async () => {
    const [repo, other] = [await pachd.newRepo(), await pachd.newRepo()];
    const id = await pachd.put(other, { "/a": "1" });
    await expectFault(
      pachd.collect(pfs.SubscribeCommit, { repo, from: commitOf(other, id) }),
      "UNKNOWN",
      "the `from` commit needs to be from repo",
    );
  });
});

describe("a search for the commits that changed a file", () => {
  test("finds those that added, rewrote (also with the same bytes) or deleted it, newest first, back to the beginning", async () => {
    const repo = await pachd.newRepo();
    const ids = [];
    for (const files of [{ "/a": "1" }, { "/b": "1" }, { "/a": "2" }, { "/a": "2" }]) ids.push(await pachd.put(repo, files));
    await pachd.send(pfs.ModifyFile, [{ set_commit: commitOf(repo) }, { delete_file: { path: "/a" } }]);
    const { commit: gone } = await inspect(commitOf(repo), "FINISHED");
    const [first, , third, fourth] = ids;
    expect(await find(repo, { file_path: "/a" })).toEqual({
      found: [gone?.id, fourth, third, first],
      last: first,
      searched: 5,
      replies: 5,
    });
    expect(await find(repo, { file_path: "/nothing" })).toEqual({ found: [], last: first, searched: 5, replies: 1 });
  });

  test("ends when it has found as many as asked for", async () => {
    const repo = await pachd.newRepo();
    const ids = await putSome(repo, 3);
    expect(await find(repo, { file_path: "/n", limit: 2 })).toEqual({
      found: [ids[2], ids[1]],
      last: ids[1],
      searched: 2,
      replies: 3,
    });
  });

  test("cannot begin at an open commit", async () => {
    const repo = await pachd.newRepo();
    await start(repo);
    await expectFault(find(repo, { file_path: "/a" }), "UNAVAILABLE", "not finished");
  });

  test("needs a commit to begin at", () =>
    expectFault(
      pachd.collect(pfs.FindCommits, { file_path: "/a" }),
      "INVALID_ARGUMENT",
      "validate recv: invalid FindCommitsRequest.Start: value is required",
    ));
});
