import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Pachd, type RepoName, commitOf, expectFault, pfs, pps, uniqueName } from "./pachd.ts";

let pachd: Pachd;
beforeAll(async () => {
  pachd = await Pachd.connect();
});
afterAll(() => pachd.close());

const UNKNOWN_ID = "00000000000040008000000000000000";
const branchOf = (repo: RepoName, name = "master") => ({ repo, name });
const inspect = (commit: object) => pachd.call(pfs.InspectCommit, { commit });
const headOf = async (repo: RepoName, name = "master") =>
  (await pachd.call(pfs.InspectBranch, { branch: branchOf(repo, name) })).head?.id ?? "";
const list = async (repo: RepoName) =>
  (await pachd.collect(pfs.ListCommit, { repo })).map(({ commit, parent_commit: parent }) => [commit?.id, parent?.id]);
const inspectSet = async (id: string, wait = false) =>
  (await pachd.collect(pfs.InspectCommitSet, { commit_set: { id }, wait })).map(
    ({ commit }) => `${commit?.repo?.name}@${commit?.id}`,
  );
const squash = (id: string) => pachd.call(pfs.SquashCommitSet, { commit_set: { id } });
const drop = (id: string) => pachd.call(pfs.DropCommitSet, { commit_set: { id } });

async function finish(repo: RepoName): Promise<void> {
  await pachd.call(pfs.FinishCommit, { commit: commitOf(repo) });
  await pachd.call(pfs.InspectCommit, { commit: commitOf(repo), wait: "FINISHED" });
}

const forget = (repo: RepoName, id: string) =>
  pachd.call(pfs.ForgetCommit, {
    commit: { id: { repo: { name: { name: repo.name, type: "user", project: { name: pachd.project } } }, id } },
  });

/** Two repos, the second of which comes from the first, each with its first commit finished. */
async function pair(): Promise<[up: RepoName, down: RepoName]> {
  const [up, down] = [await pachd.newRepo("up"), await pachd.newRepo("down")];
  await pachd.call(pfs.CreateBranch, { branch: branchOf(down), provenance: [branchOf(up)] });
  await finish(down);
  return [up, down];
}

describe("a commit set", () => {
  test("has the commits that one change brought about, upstream first, and those of others that they come from", async () => {
    const [up, down] = await pair();
    const side = await pachd.newRepo("side");
    const foreign = await pachd.put(side, { "/s": "1" });
    await pachd.call(pfs.CreateBranch, { branch: branchOf(down), provenance: [branchOf(up), branchOf(side)] });
    const id = await pachd.put(up, { "/a": "1" });
    const members = await inspectSet(id);
    expect(new Set(members)).toEqual(new Set([`${side.name}@${foreign}`, `${up.name}@${id}`, `${down.name}@${id}`]));
    expect(members.at(-1)).toBe(`${down.name}@${id}`);
  });

  test("is waited for until each of its commits is finished", async () => {
    const [up, down] = await pair();
    const id = await pachd.put(up, { "/a": "1" });
    const waiting = inspectSet(id, true);
    await finish(down);
    expect(await waiting).toEqual([`${up.name}@${id}`, `${down.name}@${id}`]);
  });

  test("that is not there is NOT_FOUND", () =>
    expectFault(inspectSet(UNKNOWN_ID), "NOT_FOUND", `no commits found for commitset ${UNKNOWN_ID}`));

  test("needs an id to be inspected", () =>
    expectFault(pachd.collect(pfs.InspectCommitSet, {}), "UNKNOWN", "commitset cannot be nil"));

  test("is listed once, newest first, with the same commits as when it is inspected", async () => {
    const [up] = await pair();
    const ids = [await pachd.put(up, { "/a": "1" }), await pachd.put(up, { "/b": "1" })];
    const sets = await pachd.collect(pfs.ListCommitSet, { project: { name: pachd.project } });
    const listed = sets.filter(({ commit_set: set }) => ids.includes(set?.id ?? ""));
    expect(listed.map(({ commit_set: set }) => set?.id)).toEqual(ids.toReversed());
    expect(listed.map(({ commits = [] }) => commits.length)).toEqual([2, 2]);
  });
});

describe("squashing a commit set", () => {
  test("takes its commit away; its child keeps its files and has its parent", async () => {
    const repo = await pachd.newRepo();
    const ids = [];
    for (const name of ["a", "b", "c"]) ids.push(await pachd.put(repo, { [`/${name}`]: name }));
    const [first, second = "", third] = ids;
    await squash(second);
    expect(await list(repo)).toEqual([
      [third, first],
      [first, undefined],
    ]);
    expect(await Promise.all(["/a", "/b", "/c"].map((path) => pachd.read(repo, path)))).toEqual(["a", "b", "c"]);
    expect((await inspect(commitOf(repo, first))).child_commits?.map(({ id }) => id)).toEqual([third]);
  });

  test("makes what it changed a change of its child", async () => {
    const repo = await pachd.newRepo();
    const [id, child] = [await pachd.put(repo, { "/a": "1" }), await pachd.put(repo, { "/b": "1" })];
    await squash(id);
    const found = await pachd.collect(pfs.FindCommits, { start: commitOf(repo), file_path: "/a" });
    expect(found.map(({ found_commit: commit }) => commit?.id)).toEqual([child, undefined]);
  });

  test("is refused for a head, which has no children", async () => {
    const repo = await pachd.newRepo();
    const id = await pachd.put(repo, { "/a": "1" });
    await expectFault(
      squash(id),
      "UNKNOWN",
      `cannot squash a commit that has no children as that would cause data loss, use the drop operation instead: ${pachd.project}/${repo.name}@${id}`,
    );
  });

  test("is refused while a child is open", async () => {
    const repo = await pachd.newRepo();
    const id = await pachd.put(repo, { "/a": "1" });
    const child = await pachd.call(pfs.StartCommit, { branch: branchOf(repo) });
    await expectFault(
      squash(id),
      "UNKNOWN",
      `cannot squash until child commit ${pachd.project}/${repo.name}@${child.id} is finished`,
    );
  });

  test("is refused while other sets come from it", async () => {
    const repo = await pachd.newRepo("up");
    const id = await pachd.put(repo, { "/a": "1" });
    const down = await pachd.newRepo("down");
    await pachd.call(pfs.CreateBranch, { branch: branchOf(down), provenance: [branchOf(repo)] });
    const later = await headOf(down);
    await pachd.put(repo, { "/b": "1" });
    await expectFault(squash(id), "UNKNOWN", "cannot be dropped because it has subvenant commit sets", later);
  });

  test("that is not there does nothing", async () => {
    expect(await squash(UNKNOWN_ID)).toEqual({});
  });
});

describe("dropping a commit set", () => {
  test("takes it away in all repos, and their heads go back", async () => {
    const [up, down] = await pair();
    const before = [await headOf(up), await headOf(down)];
    await drop(await pachd.put(up, { "/a": "1" }));
    expect([await headOf(up), await headOf(down)]).toEqual(before);
  });

  test("takes all branches back that were at its commit", async () => {
    const repo = await pachd.newRepo();
    const [first, second] = [await pachd.put(repo, { "/a": "1" }), await pachd.put(repo, { "/b": "1" })];
    await pachd.call(pfs.CreateBranch, { branch: branchOf(repo, "same"), head: commitOf(repo) });
    await drop(second);
    expect([await headOf(repo), await headOf(repo, "same")]).toEqual([first, first]);
  });

  test("that is a repo's only one leaves its branch at a new empty AUTO commit", async () => {
    const repo = await pachd.newRepo();
    await drop(await pachd.put(repo, { "/a": "1" }));
    const info = await inspect(commitOf(repo));
    expect(info).toMatchObject({ origin: { kind: "AUTO" }, finished: expect.anything() });
    expect(info.parent_commit ?? undefined).toBeUndefined();
  });

  test("is refused for a commit that has children", async () => {
    const repo = await pachd.newRepo();
    const [first] = [await pachd.put(repo, { "/a": "1" }), await pachd.put(repo, { "/b": "1" })];
    await expectFault(drop(first), "UNKNOWN", `cannot drop a commit that has children: ${pachd.project}/${repo.name}@${first}`);
  });

  test("is allowed for an open commit", async () => {
    const repo = await pachd.newRepo();
    const first = await pachd.put(repo, { "/a": "1" });
    const commit = await pachd.call(pfs.StartCommit, { branch: branchOf(repo) });
    await drop(commit.id ?? "");
    expect(await headOf(repo)).toBe(first);
  });

  test("that is not there does nothing", async () => {
    expect(await drop(UNKNOWN_ID)).toEqual({});
  });

  test("needs a set", () =>
    expectFault(
      pachd.call(pfs.DropCommitSet, {}),
      "INVALID_ARGUMENT",
      "validate request: invalid DropCommitSetRequest.CommitSet: value is required",
    ));
});

test("a job is still there when its output commit was dropped", async () => {
  const repo = await pachd.newRepo();
  await pachd.put(repo, { "/a": "1" });
  const pipeline = { name: uniqueName("p"), project: { name: pachd.project } };
  const spec = { pipeline, transform: { cmd: ["true"] }, input: { pfs: { repo: repo.name, glob: "/" } } };
  await pachd.call(pps.CreatePipelineV2, { create_pipeline_request_json: JSON.stringify(spec) });
  const id = await pachd.put(repo, { "/b": "1" });
  await pachd.call(pfs.InspectCommit, { commit: commitOf({ ...repo, name: pipeline.name }, id), wait: "FINISHED" });
  await drop(id);
  expect(await pachd.call(pps.InspectJob, { job: { pipeline, id } })).toMatchObject({ job: { id } });
});

describe("removing one commit", () => {
  test("is refused while others come from it, unless they go, too", async () => {
    const [up, down] = await pair();
    const before = await headOf(down);
    const id = await pachd.put(up, { "/a": "1" });
    const commit = commitOf(up, id);
    const text = `commit (${pachd.project}/${up.name}@${id}) with subvenance without recursive`;
    await expectFault(pachd.call(pfs.DropCommit, { commit }), "UNKNOWN", `cannot drop ${text}`);
    await expectFault(pachd.call(pfs.SquashCommit, { commit }), "UNKNOWN", `cannot squash ${text}`);
    await pachd.call(pfs.DropCommit, { commit, recursive: true });
    expect(await headOf(down)).toBe(before);
  });

  test("by squashing it leaves what it changed to its child", async () => {
    const repo = await pachd.newRepo();
    const [first] = [await pachd.put(repo, { "/a": "1" }), await pachd.put(repo, { "/b": "1" })];
    await pachd.call(pfs.SquashCommit, { commit: commitOf(repo, first) });
    expect(await list(repo)).toHaveLength(1);
    expect(await pachd.read(repo, "/a")).toBe("1");
  });

  test("by squashing it is refused for a head", async () => {
    const repo = await pachd.newRepo();
    await pachd.put(repo, { "/a": "1" });
    await expectFault(pachd.call(pfs.SquashCommit, { commit: commitOf(repo) }), "UNKNOWN", "use the drop operation instead");
  });

  test("needs one that is there", async () => {
    const repo = await pachd.newRepo();
    await expectFault(pachd.call(pfs.DropCommit, { commit: commitOf(repo, UNKNOWN_ID) }), "NOT_FOUND", "not found");
  });
});

describe("forgetting a commit", () => {
  test("keeps the record of an output commit that is no head", async () => {
    const [up, down] = await pair();
    await pachd.put(up, { "/a": "1" });
    await finish(down);
    const id = (await inspect(commitOf(down))).commit?.id ?? "";
    await pachd.put(up, { "/a": "2" });
    await finish(down);
    await forget(down, id);
    expect(await inspect(commitOf(down, id))).toMatchObject({ commit: { id }, finished: expect.anything() });
  });

  test("is refused for a commit that comes from nothing", async () => {
    const repo = await pachd.newRepo();
    const [first] = [await pachd.put(repo, { "/a": "1" }), await pachd.put(repo, { "/b": "1" })];
    await expectFault(forget(repo, first), "UNKNOWN", "the commit to be forgotten must be in an output repo");
  });

  test("is refused for a head", async () => {
    const [, down] = await pair();
    await expectFault(forget(down, await headOf(down)), "UNKNOWN", "the branch head cannot be a forgotten commit");
  });

  test("is refused while a child is open", async () => {
    const [up, down] = await pair();
    const id = await headOf(down);
    await pachd.put(up, { "/a": "1" });
    await expectFault(forget(down, id), "UNKNOWN", "direct descendants must be closed");
  });
});
