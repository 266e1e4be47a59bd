import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Edit } from "../../src/pachyderm/generated/metadata/Edit.ts";
import { Pachd, type RepoName, admin, commitOf, expectFault, metadata, pfs, pps, transactions, uniqueName } from "./pachd.ts";

let pachd: Pachd;
let repo: RepoName;
let pipeline: { name: string; project: { name: string } };
beforeAll(async () => {
  pachd = await Pachd.connect();
  const input = await pachd.newRepo();
  pipeline = { name: uniqueName("noted"), project: { name: pachd.project } };
  const spec = {
    pipeline,
    transform: { cmd: ["true"] },
    input: { pfs: { project: pachd.project, repo: input.name, glob: "/*" } },
  };
  await pachd.call(pps.CreatePipelineV2, { create_pipeline_request_json: JSON.stringify(spec) });
});
afterAll(() => pachd.close());

beforeEach(async () => {
  repo = await pachd.newRepo();
  await pachd.put(repo, { "/a": "1" });
});

const repoPicker = () => ({ name: { project: { name: pachd.project }, name: repo.name, type: "user" } });
const branchPicker = (name = "master") => ({ name: { repo: repoPicker(), name } });

async function edit(...edits: Edit[]): Promise<void> {
  await pachd.call(metadata.EditMetadata, { edits });
}

type Notes = Record<string, string>;

async function headNotes(): Promise<Notes> {
  return (await pachd.call(pfs.InspectCommit, { commit: commitOf(repo) })).metadata ?? {};
}

async function repoNotes(): Promise<Notes> {
  return (await pachd.call(pfs.InspectRepo, { repo })).metadata ?? {};
}

describe("what can be annotated", () => {
  test("is a project", async () => {
    const key = uniqueName("key");
    await edit({ project: { name: pachd.project }, add_key: { key, value: "v" } });
    const info = await pachd.call(pfs.InspectProject, { project: { name: pachd.project } });
    expect(info.metadata).toMatchObject({ [key]: "v" });
  });

  test("is a repo", async () => {
    await edit({ repo: repoPicker(), add_key: { key: "k", value: "v" } });
    expect(await repoNotes()).toEqual({ k: "v" });
  });

  test("is a branch", async () => {
    await edit({ branch: branchPicker(), add_key: { key: "k", value: "v" } });
    const info = await pachd.call(pfs.InspectBranch, { branch: { repo, name: "master" } });
    expect(info.metadata).toEqual({ k: "v" });
  });

  test("is the head of a branch", async () => {
    await edit({ commit: { branch_head: branchPicker() }, add_key: { key: "k", value: "v" } });
    expect(await headNotes()).toEqual({ k: "v" });
  });

  test("is a commit by its id", async () => {
    const id = await pachd.put(repo, { "/b": "2" });
    await edit({ commit: { id: { repo: repoPicker(), id } }, add_key: { key: "k", value: "v" } });
    expect(await headNotes()).toEqual({ k: "v" });
  });

  test("is an ancestor of a commit", async () => {
    const { commit } = await pachd.call(pfs.InspectCommit, { commit: commitOf(repo) });
    await pachd.put(repo, { "/b": "2" });
    const start = { branch_head: branchPicker() };
    await edit({ commit: { ancestor: { start, offset: 1 } }, add_key: { key: "k", value: "v" } });
    expect(await pachd.call(pfs.InspectCommit, { commit: commitOf(repo, commit?.id) })).toMatchObject({ metadata: { k: "v" } });
    expect(await headNotes()).toEqual({});
  });

  test("is the first commit of a branch, with the offset 0", async () => {
    const { commit } = await pachd.call(pfs.InspectCommit, { commit: commitOf(repo) });
    await pachd.put(repo, { "/b": "2" });
    await edit({ commit: { branch_root: { branch: branchPicker(), offset: 0 } }, add_key: { key: "k", value: "v" } });
    expect(await pachd.call(pfs.InspectCommit, { commit: commitOf(repo, commit?.id) })).toMatchObject({ metadata: { k: "v" } });
  });

  test("is an open commit, which keeps its notes when it is finished", async () => {
    await pachd.call(pfs.StartCommit, { branch: { repo, name: "master" } });
    await edit({ commit: { branch_head: branchPicker() }, add_key: { key: "run", value: "1" } });
    await pachd.call(pfs.FinishCommit, { commit: commitOf(repo) });
    const info = await pachd.call(pfs.InspectCommit, { commit: commitOf(repo), wait: "FINISHED" });
    expect(info.metadata).toEqual({ run: "1" });
  });

  test("is a pipeline", async () => {
    const name = { project: { name: pachd.project }, name: pipeline.name };
    await edit({ pipeline: { name }, add_key: { key: "k", value: "v" } });
    expect((await pachd.call(pps.InspectPipeline, { pipeline })).metadata).toEqual({ k: "v" });
  });

  test("is the cluster", async () => {
    const key = uniqueName("key");
    await edit({ cluster: {}, add_key: { key, value: "v" } });
    expect((await pachd.call(admin.InspectCluster, {})).metadata).toMatchObject({ [key]: "v" });
    await edit({ cluster: {}, delete_key: { key } });
    expect((await pachd.call(admin.InspectCluster, {})).metadata ?? {}).not.toHaveProperty(key);
  });
});

const addKey = (key: string, value: string): Edit => ({ repo: repoPicker(), add_key: { key, value } });

describe("an edit", () => {
  test("adds a key that is not there", async () => {
    await edit(addKey("a", "1"), addKey("b", ""));
    expect(await repoNotes()).toEqual({ a: "1", b: "" });
  });

  test("does not add a key that is there", async () => {
    await edit(addKey("k", "before"));
    await expectFault(
      edit(addKey("k", "after")),
      "FAILED_PRECONDITION",
      'add_key target key "k" already exists; use edit_key instead',
    );
    expect(await repoNotes()).toEqual({ k: "before" });
  });

  test("changes a key, or makes it where it is missing", async () => {
    await edit(addKey("a", "1"));
    await edit(
      { repo: repoPicker(), edit_key: { key: "a", value: "2" } },
      { repo: repoPicker(), edit_key: { key: "b", value: "3" } },
    );
    expect(await repoNotes()).toEqual({ a: "2", b: "3" });
  });

  test("deletes a key, and does not mind one that is missing", async () => {
    await edit(addKey("a", "1"), addKey("b", "2"));
    await edit({ repo: repoPicker(), delete_key: { key: "a" } }, { repo: repoPicker(), delete_key: { key: "nope" } });
    expect(await repoNotes()).toEqual({ b: "2" });
  });

  test("replaces all keys", async () => {
    await edit(addKey("a", "1"));
    await edit({ repo: repoPicker(), replace: { replacement: { b: "2", c: "3" } } });
    expect(await repoNotes()).toEqual({ b: "2", c: "3" });
    await edit({ repo: repoPicker(), replace: {} });
    expect(await repoNotes()).toEqual({});
  });

  test("sees what those before it in the request have done", async () => {
    await edit(addKey("k", "1"), { repo: repoPicker(), delete_key: { key: "k" } }, addKey("k", "2"));
    expect(await repoNotes()).toEqual({ k: "2" });
  });

  test("that fails takes back all of its request", async () => {
    await edit(addKey("k", "1"));
    await expectFault(edit(addKey("new", "1"), addKey("k", "2")), "FAILED_PRECONDITION", "edit #1: ");
    expect(await repoNotes()).toEqual({ k: "1" });
  });

  test("need not be there at all", async () => {
    await expect(edit()).resolves.toBeUndefined();
  });

  test("keeps a value of any length and script", async () => {
    const value = `ünï ${"x".repeat(100_000)}\n{"json": true}`;
    await edit(addKey("ключ", value));
    expect(await repoNotes()).toEqual({ ключ: value });
  });

  test("is no part of a transaction: it happens at once", async () => {
    const { id = "" } = await pachd.call(transactions.StartTransaction, {});
    await pachd.call(metadata.EditMetadata, { edits: [addKey("k", "v")] }, { "pach-transaction": id });
    expect(await repoNotes()).toEqual({ k: "v" });
    await pachd.call(transactions.DeleteTransaction, { transaction: { id } });
  });
});

describe("notes", () => {
  test("do not go over to the next commit", async () => {
    await edit({ commit: { branch_head: branchPicker() }, add_key: { key: "k", value: "v" } });
    await pachd.put(repo, { "/b": "2" });
    expect(await headNotes()).toEqual({});
  });

  test("do not go over to commits downstream", async () => {
    const below = await pachd.newRepo();
    const provenance = [{ repo, name: "master" }];
    await pachd.call(pfs.CreateBranch, { branch: { repo: below, name: "master" }, provenance });
    await edit({ commit: { branch_head: branchPicker() }, add_key: { key: "k", value: "v" } });
    expect((await pachd.call(pfs.InspectCommit, { commit: commitOf(below) })).metadata ?? {}).toEqual({});
  });

  test("are shown in lists too", async () => {
    await edit({ commit: { branch_head: branchPicker() }, add_key: { key: "k", value: "v" } });
    await edit({ branch: branchPicker(), add_key: { key: "b", value: "v" } });
    expect((await pachd.collect(pfs.ListCommit, { repo }))[0]?.metadata).toEqual({ k: "v" });
    expect((await pachd.collect(pfs.ListBranch, { repo }))[0]?.metadata).toEqual({ b: "v" });
  });
});

describe("what is not there is UNKNOWN to an edit", () => {
  const add_key = { key: "k", value: "v" };

  test("as a project", async () => {
    await expectFault(edit({ project: { name: uniqueName("nope") }, add_key }), "UNKNOWN", "apply edits: edit #0: pick project");
  });

  test("as a repo", async () => {
    const name = { project: { name: pachd.project }, name: uniqueName("nope"), type: "user" };
    await expectFault(edit({ repo: { name }, add_key }), "UNKNOWN", "apply edits: edit #0: pick repo");
  });

  test("as a branch", async () => {
    await expectFault(edit({ branch: branchPicker("nope"), add_key }), "UNKNOWN", "apply edits: edit #0: pick branch");
  });

  test("as a commit", async () => {
    const id = "00000000000040008000000000000000";
    await expectFault(
      edit({ commit: { id: { repo: repoPicker(), id } }, add_key }),
      "UNKNOWN",
      "apply edits: edit #0: pick commit",
    );
  });
});

describe("a request that is no edit is refused before anything happens", () => {
  test.each([
    ["without a target", { add_key: { key: "k", value: "v" } }],
    ["without an operation", { cluster: {} }],
    ["that adds an empty key", { cluster: {}, add_key: { key: "", value: "v" } }],
    ["that changes an empty key", { cluster: {}, edit_key: { key: "", value: "v" } }],
    ["that deletes an empty key", { cluster: {}, delete_key: { key: "" } }],
    ["whose replacement has an empty key", { cluster: {}, replace: { replacement: { "": "v" } } }],
  ] satisfies [string, Edit][])("one %s", async (_which, wrong) => {
    await expectFault(edit(wrong), "INVALID_ARGUMENT", "validate request: ");
  });
});
