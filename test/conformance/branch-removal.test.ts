import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Pachd, type RepoName, expectFault, pfs } from "./pachd.ts";

let pachd: Pachd;
beforeAll(async () => {
  pachd = await Pachd.connect();
});
afterAll(() => pachd.close());

const branchOf = (repo: RepoName, name = "master") => ({ repo, name });
const textOf = (repo: RepoName, name = "master") => `${pachd.project}/${repo.name}@${name}`;
const inspect = (branch: object) => pachd.call(pfs.InspectBranch, { branch });
const create = (branch: object, more: object = {}) => pachd.call(pfs.CreateBranch, { branch, ...more });

describe("a branch that is not there", () => {
  test("is NOT_FOUND when it is inspected", async () => {
    const repo = await pachd.newRepo();
    await expectFault(
      inspect(branchOf(repo, "nope")),
      "NOT_FOUND",
      `inspect branch in transaction: branch (id=0, branch=${textOf(repo, "nope")}) not found\n` +
        `branch "nope" not found in repo ${pachd.project}/${repo.name}`,
    );
  });

  test("is NOT_FOUND when its repo is not there either", async () => {
    const repo = { name: "zzz", type: "user", project: { name: pachd.project } };
    await expectFault(
      inspect(branchOf(repo)),
      "NOT_FOUND",
      `inspect branch in transaction: repo (id=0, project=${pachd.project}, name=zzz, type=user) not found\n` +
        `branch (id=0, branch=${textOf(repo)}) not found\nbranch "master" not found in repo ${pachd.project}/zzz`,
    );
  });

  test("cannot be deleted", async () => {
    const repo = await pachd.newRepo();
    await expectFault(
      pachd.call(pfs.DeleteBranch, { branch: branchOf(repo, "nope") }),
      "NOT_FOUND",
      `get branch "${pachd.project}/${repo.name}.user@nope": branch (id=0, branch=${textOf(repo, "nope")}) not found`,
    );
  });
});

describe("deleting a branch", () => {
  test("leaves its commits", async () => {
    const repo = await pachd.newRepo();
    const id = await pachd.put(repo, { "/a": "1" });
    await pachd.call(pfs.DeleteBranch, { branch: branchOf(repo) });
    await expectFault(inspect(branchOf(repo)), "NOT_FOUND");
    expect(await pachd.read(repo, "/a", id)).toBe("1");
  });

  test("is refused while another comes from it directly, which the refusal names, and then takes force", async () => {
    const [a, b, c] = [await pachd.newRepo("a"), await pachd.newRepo("b"), await pachd.newRepo("c")];
    await create(branchOf(b), { provenance: [branchOf(a)] });
    await create(branchOf(c), { provenance: [branchOf(b)] });
    await expectFault(
      pachd.call(pfs.DeleteBranch, { branch: branchOf(a) }),
      "UNKNOWN",
      `branch "${textOf(a)}" cannot be deleted because it's in the direct provenance of [${textOf(b)}]`,
    );
    await pachd.call(pfs.DeleteBranch, { branch: branchOf(a), force: true });
    expect(await inspect(branchOf(c))).toMatchObject({ provenance: [branchOf(b)] });
  });

  test("is allowed at the end of a chain", async () => {
    const [a, b] = [await pachd.newRepo("a"), await pachd.newRepo("b")];
    await create(branchOf(b), { provenance: [branchOf(a)] });
    await pachd.call(pfs.DeleteBranch, { branch: branchOf(b) });
    expect((await inspect(branchOf(a))).subvenance ?? []).toEqual([]);
  });

  test("needs a branch", () =>
    expectFault(
      pachd.call(pfs.DeleteBranch, {}),
      "INVALID_ARGUMENT",
      "validate request: invalid DeleteBranchRequest.Branch: value is required",
    ));
});

describe("a list of branches", () => {
  test("has those made last first, and reversed last", async () => {
    const repo = await pachd.newRepo();
    for (const name of ["b", "c", "a"]) await create(branchOf(repo, name));
    const list = async (reverse: boolean) =>
      (await pachd.collect(pfs.ListBranch, { repo, reverse })).map(({ branch }) => branch?.name);
    expect(await list(false)).toEqual(["a", "c", "b"]);
    expect(await list(true)).toEqual(["b", "c", "a"]);
  });

  test("needs a repo that is there", () =>
    expectFault(
      pachd.collect(pfs.ListBranch, { repo: { name: "zzz", type: "user", project: { name: pachd.project } } }),
      "NOT_FOUND",
      `repo ${pachd.project}/zzz not found`,
    ));
});
