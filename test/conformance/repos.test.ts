import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Pachd, type RepoName, expectFault, pfs, uniqueName } from "./pachd.ts";

let pachd: Pachd;
beforeAll(async () => {
  pachd = await Pachd.connect();
});
afterAll(() => pachd.close());

const named = (name: string, type = "user"): RepoName => ({ name, type, project: { name: pachd.project } });
const create = (repo: object, more: object = {}) => pachd.call(pfs.CreateRepo, { repo, ...more });
const master = (repo: RepoName) => ({ repo, name: "master" });
const inspect = (repo: object) => pachd.call(pfs.InspectRepo, { repo });

const list = async (request: object) =>
  (await pachd.collect(pfs.ListRepo, request)).map(({ repo }) => `${repo?.project?.name}/${repo?.name}.${repo?.type}`);

describe("a repo", () => {
  test("that is there already is not created again", async () => {
    const repo = await pachd.newRepo();
    await expectFault(create(repo), "ALREADY_EXISTS", `repo ${pachd.project}/${repo.name} already exists`);
  });

  test("without a type is one of a user's", async () => {
    const name = uniqueName("untyped");
    await create({ name, project: { name: pachd.project } });
    expect(await inspect(named(name))).toMatchObject({ repo: { name, type: "user" } });
  });

  test("without a project is in the project default", async () => {
    const name = uniqueName("homeless");
    await create({ name, type: "user" });
    const repo = { name, type: "user", project: { name: "default" } };
    expect(await inspect({ name, type: "user" })).toMatchObject({ repo });
    expect(await pachd.call(pfs.DeleteRepo, { repo })).toEqual({ deleted: true });
  });

  test("is not found by a request that leaves out its type", async () => {
    const { name, project } = await pachd.newRepo();
    await expectFault(inspect({ name, project }), "NOT_FOUND", `repo ${pachd.project}/${name}`);
  });

  test("gets another description by an update, and is made by it where it is missing", async () => {
    const repo = named(uniqueName("upserted"));
    await create(repo, { description: "one", update: true });
    await create(repo, { description: "two", update: true });
    expect(await inspect(repo)).toMatchObject({ description: "two" });
  });

  test("can only be in a project that is there", () =>
    expectFault(
      create({ name: "x", type: "user", project: { name: "nosuch" } }),
      "NOT_FOUND",
      'cannot find project "nosuch": get project by name: project "nosuch" not found',
    ));

  test.each(["a/b", "a b", "a.b", "é", "", "a@b"])("cannot be called %j", (name) =>
    expectFault(
      create(named(name)),
      "UNKNOWN",
      `name (${name}) invalid: only alphanumeric characters, underscores, and dashes are allowed`,
    ),
  );

  test.each(["-", "_", "__spec__", "A-b_9"])("can have a name that begins with %j", async (start) => {
    const repo = named(start + uniqueName("x"));
    await create(repo);
    expect(await inspect(repo)).toMatchObject({ repo });
  });

  test("may have a name of 200 characters: only projects and pipelines have a longest one", async () => {
    const repo = named(uniqueName("long").padEnd(200, "x"));
    await create(repo);
    expect(await inspect(repo)).toMatchObject({ repo });
  });

  test.each(["meta", "spec"])("of the type %s needs a user repo of its name", async (type) => {
    const name = uniqueName("system");
    await expectFault(
      create(named(name, type)),
      "NOT_FOUND",
      "cannot create a system repo without a corresponding 'user' repo",
      `repo (id=0, project=${pachd.project}, name=${name}, type=user) not found`,
    );
  });

  test("of another type goes with the user repo of its name", async () => {
    const repo = await pachd.newRepo();
    const meta = { ...repo, type: "meta" };
    await create(meta);
    await pachd.call(pfs.DeleteRepo, { repo });
    await expectFault(inspect(meta), "NOT_FOUND", `repo ${pachd.project}/${repo.name}.meta not found`);
  });

  test("that is not there is NOT_FOUND when it is inspected, also in a project that is not there", async () => {
    await expectFault(inspect(named("zzz")), "NOT_FOUND", `repo ${pachd.project}/zzz not found`);
    await expectFault(inspect({ ...named("x"), project: { name: "nosuch" } }), "NOT_FOUND", "repo nosuch/x not found");
  });

  test("that is not there is deleted without an error, and the answer says so", async () => {
    expect((await pachd.call(pfs.DeleteRepo, { repo: named("zzz") })).deleted).not.toBe(true);
  });

  test("must be named when it is deleted", () =>
    expectFault(pachd.call(pfs.DeleteRepo, {}), "INVALID_ARGUMENT", "no repo specified"));

  test("shows its branches", async () => {
    const repo = await pachd.newRepo();
    for (const name of ["b", "a"]) await pachd.call(pfs.CreateBranch, { branch: { repo, name } });
    const { branches = [] } = await inspect(repo);
    expect(new Set(branches.map(({ name }) => name))).toEqual(new Set(["a", "b"]));
  });

  test("is as large as the head of its master, and no other branch counts", async () => {
    const repo = await pachd.newRepo();
    await pachd.put(repo, { "/a": "123" });
    await pachd.put(repo, { "/b": "1234567" }, "other");
    expect(await inspect(repo)).toMatchObject({ details: { size_bytes: "3" } });
  });

  test("has no size while the head of its master is open", async () => {
    const repo = await pachd.newRepo();
    await pachd.put(repo, { "/a": "123" });
    await pachd.call(pfs.StartCommit, { branch: { repo, name: "master" } });
    const { details } = await inspect(repo);
    expect(details?.size_bytes ?? "0").toBe("0");
  });

  test("is not deleted while a branch of another comes from one of its branches, unless by force", async () => {
    const [up, down] = [await pachd.newRepo("up"), await pachd.newRepo("down")];
    await pachd.call(pfs.CreateBranch, { branch: master(down), provenance: [master(up)] });
    const [here, there] = [`${pachd.project}/${up.name}@master`, `${pachd.project}/${down.name}@master`];
    await expectFault(
      pachd.call(pfs.DeleteRepo, { repo: up }),
      "UNKNOWN",
      `delete repo: delete branch ${here}: branch "${here}" cannot be deleted because it's in the direct provenance of [${there}]`,
    );
    expect(await pachd.call(pfs.DeleteRepo, { repo: up, force: true })).toEqual({ deleted: true });
    expect((await pachd.call(pfs.InspectBranch, { branch: master(down) })).direct_provenance ?? []).toEqual([]);
  });
});

describe("a list of repos", () => {
  test("is sorted by project, then by name; holds the types and projects asked for; and can be had page by page", async () => {
    const names = [uniqueName("q1"), uniqueName("q0")];
    for (const name of names) {
      await pachd.call(pfs.CreateProject, { project: { name } });
      for (const repo of ["c", "a", "b"]) await create({ name: repo, project: { name } });
    }
    await create({ name: "a", type: "meta", project: { name: names[0] } });
    const projects = names.map((name) => ({ name }));
    const [q1, q0] = names;
    const users = [q0, q1].flatMap((name) => ["a", "b", "c"].map((repo) => `${name}/${repo}.user`));
    expect(await list({ type: "user", projects })).toEqual(users);
    expect(await list({ type: "meta", projects })).toEqual([`${q1}/a.meta`]);
    expect(new Set(await list({ projects }))).toEqual(new Set([...users, `${q1}/a.meta`]));
    expect(await list({ type: "user", projects, page: { page_size: "4", page_index: "1" } })).toEqual(users.slice(4));
    expect(await list({ projects: [{ name: "nosuch" }] })).toEqual([]);
    const { repos = [] } = await pachd.call(pfs.DeleteRepos, { projects });
    expect(repos).toHaveLength(7);
    for (const project of projects) await pachd.call(pfs.DeleteProject, { project });
  });

  test("shows sizes as upper bounds, and no details", async () => {
    const repo = await pachd.newRepo();
    await pachd.put(repo, { "/a": "123" });
    const listed = await pachd.collect(pfs.ListRepo, { type: "user", projects: [repo.project] });
    const info = listed.find((candidate) => candidate.repo?.name === repo.name);
    expect(info).toMatchObject({ size_bytes_upper_bound: "3", branches: [{ name: "master" }] });
    expect(info?.details ?? undefined).toBeUndefined();
  });
});

test("nothing is deleted by a request to delete repos that names no project and does not say all", async () => {
  const repo = await pachd.newRepo();
  expect((await pachd.call(pfs.DeleteRepos, {})).repos ?? []).toEqual([]);
  expect(await inspect(repo)).toMatchObject({ repo });
});
