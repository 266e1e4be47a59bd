import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Pachd, type RepoName, commitOf, expectFault, pfs } from "./pachd.ts";

let pachd: Pachd;
//  a ──▶ b ──▶ d
//  └───▶ c ────┘
let [a, b, c, d]: RepoName[] = [];
let id = "";

const branchOf = (repo: RepoName | undefined, name = "master") => ({ repo: repo ?? expect.fail("no repo"), name });
const pickRepo = (repo: RepoName | undefined) => ({
  name: { name: repo?.name ?? "", type: "user", project: { name: pachd.project } },
});
const pickBranch = (repo: RepoName | undefined, name = "master") => ({ name: { repo: pickRepo(repo), name } });
const head = (repo: RepoName | undefined) => ({ branch_head: pickBranch(repo) });

beforeAll(async () => {
  pachd = await Pachd.connect();
  [a, b, c, d] = [await pachd.newRepo("a"), await pachd.newRepo("b"), await pachd.newRepo("c"), await pachd.newRepo("d")];
  for (const [branch, provenance] of [
    [b, [a]],
    [c, [a]],
    [d, [b, c]],
  ] as const)
    await pachd.call(pfs.CreateBranch, { branch: branchOf(branch), provenance: provenance.map((repo) => branchOf(repo)) });
  id = await pachd.put(branchOf(a).repo, { "/x": "1" });
});
afterAll(() => pachd.close());

const repoNames = (commits: readonly { commit?: { repo?: { name?: string } | null } | null }[]) =>
  commits.map(({ commit }) => commit?.repo?.name);
const up = async (request: object) => repoNames(await pachd.collect(pfs.WalkCommitProvenance, request));
const down = async (request: object) => repoNames(await pachd.collect(pfs.WalkCommitSubvenance, request));
const upBranches = async (request: object) =>
  (await pachd.collect(pfs.WalkBranchProvenance, request)).map(({ branch }) => branch?.repo?.name);
const downBranches = async (request: object) =>
  (await pachd.collect(pfs.WalkBranchSubvenance, request)).map(({ branch }) => branch?.repo?.name);

/** How many commits come directly from the one that is picked. */
const countFrom = async (picker: object) =>
  (await pachd.collect(pfs.WalkCommitSubvenance, { start: [picker], max_depth: "1" })).length;
const namesOf = (commits: readonly { repo?: { name?: string } | null; branch?: { name?: string } | null }[] = []) =>
  new Set(commits.map(({ repo, branch }) => `${repo?.name}@${branch?.name}`));
const onMaster = (...repos: (RepoName | undefined)[]) => new Set(repos.map((repo) => `${repo?.name}@master`));

describe("a walk along the provenance of a commit", () => {
  test("reaches all that it comes from, each once, nearest first, and leaves out itself", async () => {
    const found = await up({ start: [head(d)] });
    expect([new Set(found.slice(0, 2)), found.slice(2)]).toEqual([new Set([b?.name, c?.name]), [a?.name]]);
  });

  test("reaches, downstream, all that comes from it", async () => {
    const found = await down({ start: [head(a)] });
    expect([new Set(found.slice(0, 2)), found.slice(2)]).toEqual([new Set([b?.name, c?.name]), [d?.name]]);
  });

  test("stays in the commit set where all was changed together", async () => {
    const commits = await pachd.collect(pfs.WalkCommitProvenance, { start: [head(d)] });
    expect(commits.map(({ commit }) => commit?.id)).toEqual([id, id, id]);
  });

  test("goes no more steps than asked for", async () => {
    expect(new Set(await up({ start: [head(d)], max_depth: "1" }))).toEqual(new Set([b?.name, c?.name]));
  });

  test("finds no more commits than asked for", async () => {
    expect(await up({ start: [head(d)], max_commits: "1" })).toHaveLength(1);
  });

  test("from several starts is one walk after the other, and repeats what they share", async () => {
    expect(await up({ start: [head(b), head(c)] })).toEqual([a?.name, a?.name]);
  });

  test("from nowhere finds nothing", async () => {
    expect(await up({})).toEqual([]);
  });

  test("shows whole commits, with their own provenance and subvenance", async () => {
    const [commit] = await pachd.collect(pfs.WalkCommitProvenance, { start: [head(b)] });
    expect(commit).toMatchObject({ commit: { id }, origin: { kind: "USER" } });
    expect(namesOf(commit?.direct_subvenance)).toEqual(onMaster(b, c));
  });
});

describe("a picker of a commit means", () => {
  test("the one with an id, in just this repo", async () => {
    expect(await countFrom({ id: { repo: pickRepo(a), id } })).toBe(2);
    await expectFault(countFrom({ id: { repo: pickRepo(a), id: "00000000000040008000000000000000" } }), "NOT_FOUND", "not found");
  });

  test("by an id not the older one that its set came from", async () => {
    const other = await pachd.newRepo("other");
    await pachd.put(other, { "/o": "1" });
    await expectFault(countFrom({ id: { repo: pickRepo(other), id } }), "NOT_FOUND", "not found");
  });

  test("so many generations before another", async () => {
    const repo = await pachd.newRepo();
    const ids = [await pachd.put(repo, { "/n": "0" }), await pachd.put(repo, { "/n": "1" })];
    const derived = await pachd.newRepo("derived");
    await pachd.call(pfs.CreateBranch, { branch: branchOf(derived), provenance: [branchOf(repo)] });
    const before = { ancestor: { offset: 1, start: head(repo) } };
    expect([await countFrom(head(repo)), await countFrom(before), ids.length]).toEqual([1, 0, 2]);
    await expectFault(
      countFrom({ ancestor: { offset: 5, start: head(repo) } }),
      "UNKNOWN",
      "offset requested: 5, offset traversable: 1",
    );
  });

  test("so many after the first of a branch, which is 0", async () => {
    const repo = await pachd.newRepo();
    const first = await pachd.put(repo, { "/n": "0" });
    const derived = await pachd.newRepo("derived");
    await pachd.call(pfs.CreateBranch, { branch: branchOf(derived), provenance: [branchOf(repo)] });
    await pachd.put(repo, { "/n": "1" });
    const fromRoot = { branch_root: { offset: 0, branch: pickBranch(repo) } };
    const [info] = await pachd.collect(pfs.WalkCommitSubvenance, { start: [fromRoot] });
    expect(info?.direct_provenance?.map((commit) => commit.id)).toEqual([first]);
  });

  test("nothing where the branch or the repo is not there", async () => {
    await expectFault(countFrom({ branch_head: pickBranch(a, "nope") }), "NOT_FOUND", "not found");
    await expectFault(
      countFrom({ branch_head: { name: { repo: { name: { ...pickRepo(a).name, name: "zzz" } }, name: "master" } } }),
      "NOT_FOUND",
      "not found",
    );
  });
});

describe("a walk along the provenance of a branch", () => {
  test("reaches what is upstream, nearest first, within the limits", async () => {
    const found = await upBranches({ start: [pickBranch(d)] });
    expect([new Set(found.slice(0, 2)), found.slice(2)]).toEqual([new Set([b?.name, c?.name]), [a?.name]]);
    expect(await upBranches({ start: [pickBranch(d)], max_depth: "1" })).toHaveLength(2);
    expect(await upBranches({ start: [pickBranch(d)], max_branches: "1" })).toHaveLength(1);
  });

  test("reaches what is downstream", async () => {
    expect((await downBranches({ start: [pickBranch(a)] })).at(-1)).toBe(d?.name);
    expect(await downBranches({ start: [pickBranch(d)] })).toEqual([]);
  });

  test("needs a branch that is there", () =>
    expectFault(upBranches({ start: [pickBranch(a, "nope")] }), "NOT_FOUND", "not found"));
});

test("an upstream commit shows what comes from it, and a downstream one what it comes from", async () => {
  const [first, last] = [
    await pachd.call(pfs.InspectCommit, { commit: commitOf(branchOf(a).repo) }),
    await pachd.call(pfs.InspectCommit, { commit: commitOf(branchOf(d).repo) }),
  ];
  expect([namesOf(first.direct_subvenance), namesOf(last.direct_provenance)]).toEqual([onMaster(b, c), onMaster(b, c)]);
});
