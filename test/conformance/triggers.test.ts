import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Pachd, type RepoName, commitOf, expectFault, pfs } from "./pachd.ts";

let pachd: Pachd;
beforeAll(async () => {
  pachd = await Pachd.connect();
});
afterAll(() => pachd.close());

const branchOf = (repo: RepoName, name: string) => ({ repo, name });
const headOf = async (repo: RepoName, name: string) =>
  (await pachd.call(pfs.InspectBranch, { branch: branchOf(repo, name) })).head?.id ?? "";

/** A repo with a branch `stage`, and a branch that watches it. */
async function watched(trigger: object): Promise<RepoName> {
  const repo = await pachd.newRepo();
  await pachd.call(pfs.CreateBranch, { branch: branchOf(repo, "stage") });
  await pachd.call(pfs.CreateBranch, { branch: branchOf(repo, "master"), trigger: { branch: "stage", ...trigger } });
  return repo;
}

/** Puts files of so many bytes on `stage`, one after another, and answers for each whether the branch moved to that very commit. */
async function firedBy(repo: RepoName, sizes: readonly number[]): Promise<boolean[]> {
  const fired: boolean[] = [];
  for (const [index, size] of sizes.entries()) {
    const id = await pachd.put(repo, { [`/${index}`]: "x".repeat(size) }, "stage");
    fired.push((await headOf(repo, "master")) === id);
  }
  return fired;
}

describe("a branch with a trigger moves to the commit that finished on the branch that it watches", () => {
  test.each([
    ["when that is so many bytes larger", { size: "10" }, [6, 6, 6, 6], [false, true, false, true]],
    ["in decimal units: 1k is 1,000 bytes", { size: "1k" }, [999, 1], [false, true]],
    ["when that is so many commits later", { commits: 2 }, [1, 1, 1, 1], [false, true, false, true]],
    ["when any of its conditions holds", { commits: 3, size: "5" }, [1, 5, 1], [false, true, false]],
    ["with `all`: when all of its conditions hold", { commits: 2, size: "5", all: true }, [9, 0, 9], [false, true, false]],
    ["with `all` and no condition: each time", { all: true }, [1, 1], [true, true]],
    ["with no condition: never", {}, [1, 1], [false, false]],
    ["by a rate limit: not before the next tick", { rate_limit_spec: "@every 24h" }, [1, 1], [false, false]],
  ])("%s", async (_, trigger, sizes, expected) => {
    expect(await firedBy(await watched(trigger), sizes)).toEqual(expected);
  });

  test("and no new commit is made in the repo", async () => {
    const repo = await watched({ commits: 1 });
    await firedBy(repo, [1]);
    // Two empty ones, with which the branches began, and the one that was put.
    expect(await pachd.collect(pfs.ListCommit, { repo })).toHaveLength(3);
  });

  test("but not when that has an error", async () => {
    const repo = await watched({ commits: 1 });
    const commit = await pachd.call(pfs.StartCommit, { branch: branchOf(repo, "stage") });
    await pachd.call(pfs.FinishCommit, { commit, error: "boom" });
    await pachd.call(pfs.InspectCommit, { commit, wait: "FINISHED" });
    expect(await headOf(repo, "master")).not.toBe(commit.id);
  });

  test("and one that watches it moves with it", async () => {
    const repo = await watched({ commits: 1 });
    await pachd.call(pfs.CreateBranch, { branch: branchOf(repo, "last"), trigger: { branch: "master", commits: "1" } });
    const id = await pachd.put(repo, { "/a": "1" }, "stage");
    expect(await headOf(repo, "last")).toBe(id);
  });

  test("and what is downstream of it gets a commit, in a set of its own", async () => {
    const [repo, down] = [await watched({ commits: 1 }), await pachd.newRepo("down")];
    await pachd.call(pfs.CreateBranch, { branch: branchOf(down, "master"), provenance: [branchOf(repo, "master")] });
    const id = await pachd.put(repo, { "/a": "1" }, "stage");
    const info = await pachd.call(pfs.InspectCommit, { commit: commitOf(down) });
    expect(info.direct_provenance?.map((commit) => commit.id)).toEqual([id]);
    expect(info.commit?.id).not.toBe(id);
  });
});

test("a trigger is shown as it was given, and stays when its branch is created again without one", async () => {
  const repo = await watched({ size: "1M" });
  await pachd.call(pfs.CreateBranch, { branch: branchOf(repo, "master") });
  const { trigger } = await pachd.call(pfs.InspectBranch, { branch: branchOf(repo, "master") });
  expect(trigger).toMatchObject({ branch: "stage", size: "1M" });
});

describe("a trigger is refused", () => {
  test.each([
    ["without a branch to watch", { commits: 1 }, "UNKNOWN", "triggers must specify a branch to trigger on"],
    ["that watches a branch that is not there", { branch: "nope" }, "NOT_FOUND", "updating branch trigger: branch (id=0"],
    ["that watches its own branch", { branch: "master" }, "UNKNOWN", "triggers cannot form a loop"],
    ["on a size that is none", { branch: "stage", size: "large" }, "UNKNOWN", "invalid trigger size"],
    [
      "on a negative number of commits",
      { branch: "stage", commits: -1 },
      "UNKNOWN",
      "can't trigger on a negative number of commits",
    ],
    [
      "on a rate that is no schedule",
      { branch: "stage", rate_limit_spec: "often" },
      "UNKNOWN",
      "invalid trigger rate limit spec",
    ],
    ["on a schedule that is none", { branch: "stage", cron_spec: "often" }, "UNKNOWN", "invalid trigger cron spec"],
  ] as const)("%s", async (_, trigger, code, text) => {
    const repo = await pachd.newRepo();
    await pachd.call(pfs.CreateBranch, { branch: branchOf(repo, "stage") });
    await expectFault(pachd.call(pfs.CreateBranch, { branch: branchOf(repo, "master"), trigger }), code, text);
  });

  test("that closes a loop with others", async () => {
    const repo = await watched({ commits: 1 });
    await expectFault(
      pachd.call(pfs.CreateBranch, { branch: branchOf(repo, "stage"), trigger: { branch: "master", commits: "1" } }),
      "UNKNOWN",
      "triggers cannot form a loop",
    );
  });

  test("together with provenance", async () => {
    const [repo, up] = [await watched({ commits: 1 }), await pachd.newRepo("up")];
    await expectFault(
      pachd.call(pfs.CreateBranch, {
        branch: branchOf(repo, "both"),
        provenance: [branchOf(up, "master")],
        trigger: { branch: "stage", commits: "1" },
      }),
      "UNKNOWN",
      "a branch cannot have both provenance and a trigger",
    );
  });
});

test("a branch that a trigger watches is only deleted by force, and then nothing watches it", async () => {
  const repo = await watched({ commits: 1 });
  const branch = branchOf(repo, "stage");
  await expectFault(pachd.call(pfs.DeleteBranch, { branch }), "UNKNOWN", "cannot be deleted because it is triggered by branches");
  await pachd.call(pfs.DeleteBranch, { branch, force: true });
  const { trigger } = await pachd.call(pfs.InspectBranch, { branch: branchOf(repo, "master") });
  expect(trigger ?? undefined).toBeUndefined();
});
