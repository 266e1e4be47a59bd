import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Pachd, type RepoName, commitOf, expectFault, pfs } from "./pachd.ts";

let pachd: Pachd;
beforeAll(async () => {
  pachd = await Pachd.connect();
});
afterAll(() => pachd.close());

const branchOf = (repo: RepoName, name = "master") => ({ repo, name });
const inspect = (branch: object) => pachd.call(pfs.InspectBranch, { branch });
const create = (branch: object, more: object = {}) => pachd.call(pfs.CreateBranch, { branch, ...more });
const headOf = async (repo: RepoName, name = "master") => (await inspect(branchOf(repo, name))).head?.id ?? "";
const inspectHead = (repo: RepoName, name = "master") => pachd.call(pfs.InspectCommit, { commit: commitOf(repo, name) });
const finish = async (repo: RepoName) => {
  await pachd.call(pfs.FinishCommit, { commit: commitOf(repo) });
  await pachd.call(pfs.InspectCommit, { commit: commitOf(repo), wait: "FINISHED" });
};

describe("a branch without provenance", () => {
  test("that is made without a head gets an empty commit, AUTO and finished at once", async () => {
    const repo = await pachd.newRepo();
    await create(branchOf(repo));
    const info = await inspectHead(repo);
    expect(info).toMatchObject({ origin: { kind: "AUTO" }, finished: { seconds: expect.anything() } });
    expect(info.parent_commit ?? undefined).toBeUndefined();
  });

  test("points at the head that it is given: by branch, id or ancestry", async () => {
    const repo = await pachd.newRepo();
    const [first, second] = [await pachd.put(repo, { "/a": "1" }), await pachd.put(repo, { "/a": "2" })];
    await create(branchOf(repo, "same"), { head: commitOf(repo) });
    await create(branchOf(repo, "id"), { head: commitOf(repo, first) });
    await create(branchOf(repo, "before"), { head: { repo, id: "master^" } });
    expect([await headOf(repo, "same"), await headOf(repo, "id"), await headOf(repo, "before")]).toEqual([second, first, first]);
  });

  test("is moved by another head, and then its commits go on from there", async () => {
    const repo = await pachd.newRepo();
    const [first] = [await pachd.put(repo, { "/a": "1" }), await pachd.put(repo, { "/b": "2" })];
    await create(branchOf(repo), { head: commitOf(repo, first) });
    await pachd.put(repo, { "/c": "3" });
    expect((await inspectHead(repo)).parent_commit?.id).toBe(first);
  });

  test("stays where it is when it is created again without a head", async () => {
    const repo = await pachd.newRepo();
    const id = await pachd.put(repo, { "/a": "1" });
    await create(branchOf(repo));
    expect(await headOf(repo)).toBe(id);
  });

  test("cannot have a head of another repo", async () => {
    const [repo, other] = [await pachd.newRepo(), await pachd.newRepo()];
    await pachd.put(other, { "/a": "1" });
    const creating = create(branchOf(repo), { head: commitOf(other) });
    await expectFault(creating, "UNKNOWN", "branch and head commit must belong to the same repo");
  });

  test("cannot have a head that is not there", async () => {
    const repo = await pachd.newRepo();
    const text = `${pachd.project}/${repo.name}`;
    await expectFault(
      create(branchOf(repo), { head: { repo, id: "nope", branch: branchOf(repo, "nope") } }),
      "NOT_FOUND",
      `unable to inspect ${text}@nope: pick commit tx: commit ${text}@nope not found`,
      `branch "nope" not found in repo ${text}`,
    );
  });

  test("cannot be in a repo that is not there", async () => {
    const repo = { name: "zzz", type: "user", project: { name: pachd.project } };
    await expectFault(
      create(branchOf(repo)),
      "NOT_FOUND",
      `get commit by commit key: repo (id=0, project=${pachd.project}, name=zzz, type=user) not found`,
    );
  });

  test.each(["a/b", "a b", "a.b", "é", "", "a^b", "a~", "abc@d"])("cannot be called %j", async (name) => {
    const repo = await pachd.newRepo();
    await expectFault(
      create(branchOf(repo, name)),
      "UNKNOWN",
      `name (${name}) invalid: only alphanumeric characters, underscores, and dashes are allowed`,
    );
  });

  test("cannot be called like a commit, but like 32 digits that are no UUID of version 4", async () => {
    const repo = await pachd.newRepo();
    const id = "eb49947ce3db4357bf651ce27f9dfcad";
    await expectFault(create(branchOf(repo, id)), "UNKNOWN", "create branch: update head: branch name cannot be a UUID V4");
    await create(branchOf(repo, "0".repeat(32)));
  });
});

describe("a branch with provenance", () => {
  test("gets an open AUTO commit at once, which comes from the head upstream", async () => {
    const [up, down] = [await pachd.newRepo("up"), await pachd.newRepo("down")];
    const id = await pachd.put(up, { "/a": "1" });
    await create(branchOf(down), { provenance: [branchOf(up)] });
    const info = await inspectHead(down);
    expect(info).toMatchObject({
      origin: { kind: "AUTO" },
      direct_provenance: [{ repo: { name: up.name }, id, branch: branchOf(up) }],
    });
    expect(info.finishing ?? undefined).toBeUndefined();
  });

  test("makes the branch upstream that is missing, with an empty finished commit", async () => {
    const [up, down] = [await pachd.newRepo("up"), await pachd.newRepo("down")];
    await create(branchOf(down), { provenance: [branchOf(up, "made")] });
    expect(await inspectHead(up, "made")).toMatchObject({ origin: { kind: "AUTO" }, finished: { seconds: expect.anything() } });
  });

  test("cannot come from a repo that is not there", async () => {
    const down = await pachd.newRepo("down");
    const up = { ...down, name: "nope" };
    await expectFault(
      create(branchOf(down), { provenance: [branchOf(up)] }),
      "NOT_FOUND",
      `create empty commit: get commit by commit key: repo (id=0, project=${pachd.project}, name=nope, type=user) not found`,
    );
  });

  //  a ──▶ b ──▶ c
  test("shows what is upstream and downstream of it, nearest first, and what is directly upstream", async () => {
    const [a, b, c] = [await pachd.newRepo("a"), await pachd.newRepo("b"), await pachd.newRepo("c")];
    await create(branchOf(b), { provenance: [branchOf(a)] });
    await create(branchOf(c), { provenance: [branchOf(b)] });
    expect(await inspect(branchOf(c))).toMatchObject({
      provenance: [branchOf(b), branchOf(a)],
      direct_provenance: [branchOf(b)],
    });
    expect(await inspect(branchOf(a))).toMatchObject({ subvenance: [branchOf(b), branchOf(c)] });
  });

  test("gets a new commit, upon its head, when its provenance is replaced, and none when it is only taken away", async () => {
    const [one, two, down] = [await pachd.newRepo("one"), await pachd.newRepo("two"), await pachd.newRepo("down")];
    await create(branchOf(down), { provenance: [branchOf(one)] });
    const before = await headOf(down);
    await create(branchOf(down), { provenance: [branchOf(two)] });
    const info = await inspectHead(down);
    expect(info).toMatchObject({ parent_commit: { id: before }, direct_provenance: [{ repo: { name: two.name } }] });
    await create(branchOf(down));
    expect(await headOf(down)).toBe(info.commit?.id);
    expect((await inspect(branchOf(down))).direct_provenance ?? []).toEqual([]);
  });

  test("can be moved by hand, and then has no provenance any more", async () => {
    const [up, down] = [await pachd.newRepo("up"), await pachd.newRepo("down")];
    await pachd.put(up, { "/a": "1" });
    await create(branchOf(down), { provenance: [branchOf(up)] });
    const first = await headOf(down);
    await finish(down);
    await pachd.put(up, { "/a": "2" });
    await create(branchOf(down), { head: { repo: down, id: "master^" } });
    expect(await headOf(down)).toBe(first);
    await pachd.put(up, { "/a": "3" });
    expect(await headOf(down)).toBe(first);
  });

  test("cannot come from a branch that comes from it", async () => {
    const [up, down] = [await pachd.newRepo("up"), await pachd.newRepo("down")];
    await create(branchOf(down), { provenance: [branchOf(up)] });
    const [upper, lower] = [up, down].map((repo) => `${pachd.project}/${repo.name}.user@master`);
    await expectFault(
      create(branchOf(up), { provenance: [branchOf(down)] }),
      "INTERNAL",
      `create branch: update head: cycle detected because ${lower} is already in the subvenance of ${upper}`,
    );
  });

  test("cannot come from a branch of its own repo", async () => {
    const repo = await pachd.newRepo();
    await expectFault(
      create(branchOf(repo, "b"), { provenance: [branchOf(repo, "a")] }),
      "UNKNOWN",
      `repo ${pachd.project}/${repo.name} cannot be in the provenance of its own branch`,
    );
  });

  test("cannot come, by whatever way, from two branches of one repo", async () => {
    const [up, mid, down] = [await pachd.newRepo("up"), await pachd.newRepo("mid"), await pachd.newRepo("down")];
    await create(branchOf(mid), { provenance: [branchOf(up, "one")] });
    await expectFault(
      create(branchOf(down), { provenance: [branchOf(mid), branchOf(up, "two")] }),
      "UNKNOWN",
      `multiple branches from the same repo, "${pachd.project}/${up.name}", cannot participate in a DAG`,
    );
  });

  test("gets no commit from a branch that never propagates, and its next one comes from that branch's head", async () => {
    const [up, still, down] = [await pachd.newRepo("up"), await pachd.newRepo("still"), await pachd.newRepo("down")];
    await create(branchOf(down), {
      provenance: [branchOf(up), branchOf(still)],
      branch_propagation_specs: [{ branch: branchOf(still), propagation_spec: { never: true } }],
    });
    expect(await inspect(branchOf(down))).toMatchObject({
      branch_propagation_specs: [{ branch: branchOf(still), propagation_spec: { never: true } }],
    });
    const before = await headOf(down);
    const quiet = await pachd.put(still, { "/a": "1" });
    expect(await headOf(down)).toBe(before);
    const loud = await pachd.put(up, { "/a": "1" });
    const { direct_provenance: provenance = [] } = await inspectHead(down);
    expect(new Set(provenance.map(({ id }) => id))).toEqual(new Set([quiet, loud]));
  });

  test("can only be told not to propagate from a branch that it comes from", async () => {
    const [up, down] = [await pachd.newRepo("up"), await pachd.newRepo("down")];
    await create(branchOf(up));
    await expectFault(
      create(branchOf(down), { branch_propagation_specs: [{ branch: branchOf(up), propagation_spec: { never: true } }] }),
      "UNKNOWN",
      "branch propagation spec must reference provenant branch",
    );
  });
});
