import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Pachd, expectFault, pfs, uniqueName } from "./pachd.ts";

let pachd: Pachd;
beforeAll(async () => {
  pachd = await Pachd.connect();
});
afterAll(() => pachd.close());

const inspect = (name: string) => pachd.call(pfs.InspectProject, { project: { name } });

describe("a project", () => {
  test("has its name, its description and the time it was made", async () => {
    const name = uniqueName("p");
    await pachd.call(pfs.CreateProject, { project: { name }, description: "of mine" });
    expect(await inspect(name)).toMatchObject({
      project: { name },
      description: "of mine",
      created_at: { seconds: expect.anything() },
    });
    await pachd.call(pfs.DeleteProject, { project: { name } });
  });

  test("that is there already is not created again", () =>
    expectFault(
      pachd.call(pfs.CreateProject, { project: { name: pachd.project } }),
      "ALREADY_EXISTS",
      `project "${pachd.project}" already exists\nproject ${pachd.project} already exists`,
    ));

  test("gets another description by an update", async () => {
    await pachd.call(pfs.CreateProject, { project: { name: pachd.project }, description: "newer", update: true });
    expect(await inspect(pachd.project)).toMatchObject({ description: "newer" });
  });

  test("that is not there is not made by an update", async () => {
    const name = uniqueName("none");
    const updating = pachd.call(pfs.CreateProject, { project: { name }, update: true });
    await expectFault(updating, "NOT_FOUND", `get project by name: project "${name}" not found`);
  });

  test.each([
    ["", "invalid project name: name () invalid: only alphanumeric characters, underscores, and dashes are allowed"],
    ["a b", "invalid project name: name (a b) invalid: only alphanumeric characters, underscores, and dashes are allowed"],
    ["a.b", "invalid project name: name (a.b) invalid: only alphanumeric characters, underscores, and dashes are allowed"],
    ["-x", "invalid project name: project names must start with an alphanumeric character"],
    ["_x", "invalid project name: project names must start with an alphanumeric character"],
    ["a".repeat(64), `invalid project name: project name "${"a".repeat(64)}" is 13 characters longer than the 51 max`],
  ])("cannot be called %j", (name, text) => expectFault(pachd.call(pfs.CreateProject, { project: { name } }), "UNKNOWN", text));

  test("may have a name of 51 characters", async () => {
    const name = uniqueName("p").padEnd(51, "x");
    await pachd.call(pfs.CreateProject, { project: { name } });
    await pachd.call(pfs.DeleteProject, { project: { name } });
    await expectFault(inspect(name), "NOT_FOUND");
  });

  test("that is not there is NOT_FOUND when it is inspected", () =>
    expectFault(
      inspect("nosuch"),
      "NOT_FOUND",
      'error getting project "nosuch": get project by name: project "nosuch" not found',
    ));

  test("is inspected with its defaults for pipelines, which are an empty object at first", async () => {
    const name = pachd.project;
    expect(await pachd.call(pfs.InspectProjectV2, { project: { name } })).toMatchObject({
      info: { project: { name } },
      defaults_json: "{}",
    });
  });

  test("must be named when it is inspected", () =>
    expectFault(
      pachd.call(pfs.InspectProject, {}),
      "INVALID_ARGUMENT",
      "validate request: invalid InspectProjectRequest.Project: value is required",
    ));

  test("is not deleted while it has repos, which the refusal names", async () => {
    const name = uniqueName("full");
    await pachd.call(pfs.CreateProject, { project: { name } });
    for (const repo of ["b", "a"]) await pachd.call(pfs.CreateRepo, { repo: { name: repo, project: { name } } });
    await expectFault(
      pachd.call(pfs.DeleteProject, { project: { name } }),
      "FAILED_PRECONDITION",
      `cannot delete project ${name}: repo ${name}/a still exists\nrepo ${name}/b still exists`,
    );
    await pachd.call(pfs.DeleteRepos, { projects: [{ name }] });
    await pachd.call(pfs.DeleteProject, { project: { name } });
  });

  test("that has repos is not deleted by force either", async () => {
    const repo = await pachd.newRepo();
    await expectFault(pachd.call(pfs.DeleteProject, { project: repo.project, force: true }), "UNKNOWN", `delete project`);
  });

  test("that is not there cannot be deleted", () =>
    expectFault(pachd.call(pfs.DeleteProject, { project: { name: "nosuch" } }), "NOT_FOUND", 'project "nosuch" not found'));
});

test("projects are listed in the order in which they were made, with the one that is always there", async () => {
  const names = [uniqueName("zz"), uniqueName("aa")];
  for (const name of names) await pachd.call(pfs.CreateProject, { project: { name } });
  const listed = (await pachd.collect(pfs.ListProject, {})).map(({ project }) => project?.name);
  expect(listed).toContain("default");
  expect(listed.filter((name) => names.includes(name ?? ""))).toEqual(names);
  for (const name of names) await pachd.call(pfs.DeleteProject, { project: { name } });
});

test("a summary counts the user repos of each project asked for that has some, and sums up their sizes", async () => {
  const name = uniqueName("sum");
  await pachd.call(pfs.CreateProject, { project: { name } });
  for (const repo of ["a", "b"]) await pachd.call(pfs.CreateRepo, { repo: { name: repo, project: { name } } });
  await pachd.put({ name: "a", type: "user", project: { name } }, { "/x": "12345" });
  const { summaries } = await pachd.call(pfs.ReposSummary, { projects: [{ name }, { name: "nosuch" }] });
  expect(summaries).toEqual([{ project: { name }, user_repo_count: "2", size_bytes: "5" }]);
  await pachd.call(pfs.DeleteRepos, { projects: [{ name }] });
  await pachd.call(pfs.DeleteProject, { project: { name } });
});
