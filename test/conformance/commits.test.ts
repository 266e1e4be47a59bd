import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { branchOf, commitCalls } from "./commit-calls.ts";
import { Pachd, commitOf, expectFault, pfs } from "./pachd.ts";

let pachd: Pachd;
beforeAll(async () => {
  pachd = await Pachd.connect();
});
afterAll(() => pachd.close());

const { finish, inspect, missingRepo, start, textOf } = commitCalls(() => pachd);

describe("a commit that a put made", () => {
  test("is a user's, finished, and finishing from the moment it was started", async () => {
    const repo = await pachd.newRepo();
    const id = await pachd.put(repo, { "/a": "123" });
    const info = await inspect(commitOf(repo, id));
    expect(info).toMatchObject({
      origin: { kind: "USER" },
      finished: { seconds: expect.anything() },
      details: { size_bytes: "3" },
    });
    expect(info.finishing).toEqual(info.started);
    expect(id).toMatch(/^[0-9a-f]{12}4[0-9a-f]{19}$/);
  });

  test("has no branch in its own name nor in its parent's, but in its children's", async () => {
    const repo = await pachd.newRepo();
    const [first, second] = [await pachd.put(repo, { "/a": "1" }), await pachd.put(repo, { "/a": "2" })];
    const [older, newer] = [await inspect(commitOf(repo, first)), await inspect(commitOf(repo, second))];
    expect(newer.parent_commit).toEqual({ repo, id: first });
    expect(newer.commit).toEqual({ repo, id: second });
    expect(older.child_commits).toEqual([{ repo, id: second, branch: branchOf(repo) }]);
  });

  test("is made although it changes nothing", async () => {
    const repo = await pachd.newRepo();
    const ids = [await pachd.put(repo, { "/a": "same" }), await pachd.put(repo, { "/a": "same" })];
    expect(new Set(ids).size).toBe(2);
  });
});

describe("a commit that is started", () => {
  test("is open, with its description, empty details, and on a branch that it makes where that is missing", async () => {
    const repo = await pachd.newRepo();
    const commit = await start(repo, { description: "by hand" });
    const info = await inspect(commitOf(repo));
    expect(info).toMatchObject({ commit: { id: commit.id }, description: "by hand", origin: { kind: "USER" }, details: {} });
    expect([info.finishing ?? undefined, info.finished ?? undefined, info.details?.size_bytes ?? "0"]).toEqual([
      undefined,
      undefined,
      "0",
    ]);
  });

  test("comes back without a branch", async () => {
    const repo = await pachd.newRepo();
    expect(await start(repo)).toEqual({ repo, id: expect.stringMatching(/^[0-9a-f]{32}$/) });
  });

  test("cannot be started over an open one", async () => {
    const repo = await pachd.newRepo();
    const { id } = await start(repo);
    await expectFault(
      start(repo),
      "UNKNOWN",
      `start commit in transaction: create commit: parent commit ${textOf(repo, id)} has not been finished`,
    );
  });

  test("needs a branch with a name", async () => {
    const repo = await pachd.newRepo();
    for (const branch of [undefined, { repo }, { repo, name: "" }])
      await expectFault(
        pachd.call(pfs.StartCommit, { ...(branch && { branch }) }),
        "UNKNOWN",
        "start commit in transaction: branch must be specified",
      );
  });

  test("needs a repo that is there", () =>
    expectFault(start(missingRepo()), "NOT_FOUND", `start commit in transaction: repo ${pachd.project}/zzz not found`));

  test("needs a branch name that is one", async () => {
    const repo = await pachd.newRepo();
    await expectFault(
      pachd.call(pfs.StartCommit, { branch: branchOf(repo, "a/b") }),
      "UNKNOWN",
      "start commit in transaction: name (a/b) invalid: only alphanumeric characters, underscores, and dashes are allowed",
    );
  });

  test("has the parent that it is given, of which it takes over the files", async () => {
    const repo = await pachd.newRepo();
    const [first] = [await pachd.put(repo, { "/a": "1" }), await pachd.put(repo, { "/a": "2" })];
    const commit = await pachd.call(pfs.StartCommit, { branch: branchOf(repo, "side"), parent: commitOf(repo, first) });
    await finish(commit);
    await inspect(commit, "FINISHED");
    expect((await inspect(commit)).parent_commit?.id).toBe(first);
    expect(await pachd.read(repo, "/a", "side")).toBe("1");
  });

  test("may have a parent in another repo", async () => {
    const [repo, other] = [await pachd.newRepo(), await pachd.newRepo()];
    const id = await pachd.put(other, { "/a": "1" });
    const commit = await start(repo, { parent: commitOf(other, id) });
    expect((await inspect(commit)).parent_commit).toEqual({ repo: other, id });
  });

  test("cannot have a parent that is not there", async () => {
    const repo = await pachd.newRepo();
    await expectFault(
      start(repo, { parent: commitOf(repo, "nope") }),
      "NOT_FOUND",
      `start commit in transaction: create commit: parent commit not found: pick commit tx: commit ${textOf(repo)} not found`,
    );
  });

  test("cannot be started on a branch with provenance", async () => {
    const [up, down] = [await pachd.newRepo("up"), await pachd.newRepo("down")];
    await pachd.call(pfs.CreateBranch, { branch: branchOf(down), provenance: [branchOf(up)] });
    await finish(commitOf(down));
    await inspect(commitOf(down), "FINISHED");
    await expectFault(
      start(down),
      "UNKNOWN",
      `start commit in transaction: cannot start a commit on an output branch: ${textOf(down, "master")}`,
    );
  });

  test("loses by ClearCommit what was put into it, and keeps what it started with", async () => {
    const repo = await pachd.newRepo();
    await pachd.put(repo, { "/kept": "1" });
    const commit = await start(repo);
    await pachd.send(pfs.ModifyFile, [{ set_commit: commit }, { add_file: { path: "/gone", raw: { value: Buffer.from("x") } } }]);
    await pachd.call(pfs.ClearCommit, { commit });
    const files = await pachd.collect(pfs.ListFile, { file: { commit, path: "/" } });
    expect(files.map(({ file }) => file?.path)).toEqual(["/kept"]);
  });
});

describe("finishing a commit", () => {
  test("makes it finished in the end, with a description that takes the place of the first", async () => {
    const repo = await pachd.newRepo();
    const commit = await start(repo, { description: "first" });
    await finish(commit, { description: "last" });
    expect(await inspect(commit, "FINISHED")).toMatchObject({ description: "last", finished: { seconds: expect.anything() } });
  });

  test("without a description leaves the one that it was started with", async () => {
    const repo = await pachd.newRepo();
    const commit = await start(repo, { description: "first" });
    await finish(commit);
    expect(await inspect(commit, "FINISHED")).toMatchObject({ description: "first" });
  });

  test("can only be done once", async () => {
    const repo = await pachd.newRepo();
    const commit = await start(repo);
    await finish(commit);
    await expectFault(finish(commit), "UNKNOWN", `commit ${textOf(repo, commit.id)} has already finished`);
  });

  test("cannot be undone by clearing it", async () => {
    const repo = await pachd.newRepo();
    const id = await pachd.put(repo, { "/a": "1" });
    await expectFault(pachd.call(pfs.ClearCommit, { commit: commitOf(repo, id) }), "UNKNOWN", "cannot clear finished commit");
  });

  test("with an error leaves that, no size, its files, and the next commit without them", async () => {
    const repo = await pachd.newRepo();
    await pachd.put(repo, { "/good": "1" });
    const commit = await start(repo);
    await pachd.send(pfs.ModifyFile, [{ set_commit: commit }, { add_file: { path: "/bad", raw: { value: Buffer.from("x") } } }]);
    await finish(commit, { error: "boom" });
    const info = await inspect(commit, "FINISHED");
    expect(info).toMatchObject({ error: "boom", details: {} });
    expect(info.details?.size_bytes ?? "0").toBe("0");
    const list = async (at: object) =>
      (await pachd.collect(pfs.ListFile, { file: { commit: at, path: "/" } })).map(({ file }) => file?.path);
    expect(await list(commit)).toEqual(["/bad", "/good"]);
    await pachd.put(repo, { "/next": "2" });
    expect(await list(commitOf(repo))).toEqual(["/good", "/next"]);
  });

  test("of one that is not there is NOT_FOUND", async () => {
    const repo = await pachd.newRepo();
    const id = "00000000000040008000000000000000";
    await expectFault(
      finish(commitOf(repo, id)),
      "NOT_FOUND",
      `finish commit in transaction: pick commit tx: commit ${textOf(repo, id)} not found\ncommit ${textOf(repo, id)} not found`,
    );
    await expectFault(
      finish(commitOf(missingRepo())),
      "NOT_FOUND",
      `finish commit in transaction: pick commit tx: commit ${pachd.project}/zzz@ not found\nrepo ${pachd.project}/zzz not found`,
    );
  });

  test("needs a commit", () =>
    expectFault(pachd.call(pfs.FinishCommit, {}), "UNKNOWN", "check new file commit: commit cannot be nil"));
});
