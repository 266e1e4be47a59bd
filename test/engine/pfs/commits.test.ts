import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestEngine, branch, commitFiles, put, readAll, readText, repo, startTestEngine } from "../../helpers/engine.ts";

describe("commits of the embedded engine", () => {
  let client: TestEngine["client"];
  let close: TestEngine["close"];
  let names = 0;

  beforeAll(async () => {
    ({ client, close } = await startTestEngine());
  });
  afterAll(() => close());

  async function newRepo(): Promise<string> {
    names += 1;
    await client.createRepo(repo(`repo${names}`));
    return `repo${names}`;
  }

  test("a put makes one finished commit, with the one before as its parent", async () => {
    const name = await newRepo();
    const first = await commitFiles(client, name, { "/a": "1" });
    const second = await commitFiles(client, name, { "/b": "2" });
    const info = await client.inspectCommit({ repo: repo(name), at: second });
    expect(info).toMatchObject({ origin: "USER", parent: first, error: "", sizeBytes: 2 });
    expect(info.commit.id).toMatch(/^[0-9a-f]{12}4[0-9a-f]{19}$/);
    expect(await readAll(client, name)).toEqual({ "/a": "1", "/b": "2" });
    expect(await readAll(client, name, first)).toEqual({ "/a": "1" });
  });

  test("a put replaces a file, an append adds to it, a delete removes it", async () => {
    const name = await newRepo();
    await commitFiles(client, name, { "/a": "one", "/dir/b": "x", "/dir/c": "y", "/dirt": "z" });
    await client.modifyBranch(branch(name), [
      put("/a", "two"),
      { kind: "put", path: "/dir/b", content: Buffer.from("!"), append: true },
    ]);
    expect(await readAll(client, name)).toEqual({ "/a": "two", "/dir/b": "x!", "/dir/c": "y", "/dirt": "z" });
    await client.modifyBranch(branch(name), [{ kind: "delete", path: "/dir/" }]);
    expect(await readAll(client, name)).toEqual({ "/a": "two", "/dirt": "z" });
  });

  test("an open commit takes several puts, and takes none once it is finished", async () => {
    const name = await newRepo();
    const commit = await client.startCommit(branch(name), "by hand");
    await client.modifyCommit(commit, [put("/a", "1")]);
    await client.modifyBranch(branch(name), [put("/b", "2")]);
    expect(await client.inspectCommit({ repo: repo(name), at: "master" })).toMatchObject({
      finished: undefined,
      description: "by hand",
    });
    await client.finishCommit(commit);
    expect(await readAll(client, name, commit.id)).toEqual({ "/a": "1", "/b": "2" });
    await expect(client.modifyCommit(commit, [put("/c", "3")])).rejects.toThrow(
      `commit default/${name}@${commit.id} has already finished`,
    );
    await expect(client.finishCommit(commit)).rejects.toThrow("has already finished");
  });

  test("what is changed while another writer commits is applied upon his commit", async () => {
    const name = await newRepo();
    await Promise.all(
      Array.from({ length: 8 }, (_, index) => client.modifyBranch(branch(name), [put(`/file-${index}`, `${index}`)])),
    );
    expect(Object.keys(await readAll(client, name))).toHaveLength(8);
    expect(await Array.fromAsync(client.listCommits(repo(name)))).toHaveLength(8);
  });

  test("a commit is named by branch, by id, or by either with ancestry", async () => {
    const name = await newRepo();
    const ids = [];
    for (const text of ["1", "2", "3"]) ids.push(await commitFiles(client, name, { "/n": text }));
    const read = (at: string): Promise<string> => readText(client, name, at, "/n");
    expect(
      await Promise.all(["master", "master^", "master~2", "master^^", "master.1", "master.3^", `${ids[2]}^2`].map(read)),
    ).toEqual(["3", "2", "1", "1", "1", "2", "1"]);
    await expect(read("master^9")).rejects.toThrow("offset requested: 9, offset traversable: 2");
    await expect(read("nope")).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining(`branch "nope" not found in repo default/${name}`),
    });
  });

  test("a commit of a user with an error is passed over by the next", async () => {
    const name = await newRepo();
    await commitFiles(client, name, { "/good": "1" });
    const bad = await client.startCommit(branch(name));
    await client.modifyCommit(bad, [put("/bad", "x")]);
    await client.finishCommit(bad, { error: "boom" });
    await commitFiles(client, name, { "/next": "2" });
    expect(await readAll(client, name)).toEqual({ "/good": "1", "/next": "2" });
  });

  test("a file where a directory is becomes the commit's error, and the next commit is built on the last good one", async () => {
    const name = await newRepo();
    await commitFiles(client, name, { "/s": "file" });
    const bad = await commitFiles(client, name, { "/s/sub": "below a file" });
    expect(await client.inspectCommit({ repo: repo(name), at: bad })).toMatchObject({
      error: "file / directory path collision (/s/sub)",
    });
    await commitFiles(client, name, { "/t": "fine" });
    expect(await readAll(client, name)).toEqual({ "/s": "file", "/t": "fine" });
  });

  //  raw@master ──▶ clean@master ──▶ model@master
  //                  other@master ────────┘
  test("a commit propagates downstream: open commits of the same set, whose provenance is what is newest upstream", async () => {
    const [raw, clean, other, model] = [await newRepo(), await newRepo(), await newRepo(), await newRepo()];
    const untouched = await commitFiles(client, other, { "/o": "1" });
    await client.createBranch(branch(clean), { provenance: [branch(raw)] });
    await client.createBranch(branch(model), { provenance: [branch(clean), branch(other)] });
    for (const name of [clean, model])
      await client.finishCommit((await client.inspectBranch(branch(name))).head ?? expect.fail("no head"));
    const id = await commitFiles(client, raw, { "/r": "1" });
    const set = await Array.fromAsync(client.inspectCommitSet(id));
    const inSet = set.filter((info) => info.commit.id === id);
    expect(inSet.map((info) => [info.commit.repo.name, info.origin, info.finished === undefined])).toEqual([
      [raw, "USER", false],
      [clean, "AUTO", true],
      [model, "AUTO", true],
    ]);
    expect(Object.fromEntries(inSet[2]?.directProvenance.map((commit) => [commit.repo.name, commit.id]) ?? [])).toEqual({
      [clean]: id,
      [other]: untouched,
    });
    // The set made no commit in `other`: asking for it there answers the older one that the set comes from.
    expect((await client.inspectCommit({ repo: repo(other), at: id })).commit.id).toBe(untouched);
  });

  test("a branch with provenance takes no puts once its commit is finished, and no cycle", async () => {
    const [raw, derived] = [await newRepo(), await newRepo()];
    await commitFiles(client, raw, { "/r": "1" });
    await client.createBranch(branch(derived), { provenance: [branch(raw)] });
    await client.modifyBranch(branch(derived), [put("/into-the-open-head", "1")]);
    await client.finishCommit((await client.inspectBranch(branch(derived))).head ?? expect.fail("no head"));
    await expect(client.modifyBranch(branch(derived), [put("/x", "1")])).rejects.toThrow(
      "cannot start a commit on an output branch",
    );
    await expect(client.createBranch(branch(raw), { provenance: [branch(derived)] })).rejects.toThrow("cycle detected");
    await expect(client.deleteRepo(repo(raw))).rejects.toThrow("cannot be deleted because it's in the direct provenance of");
  });

  test("waiting for a commit ends when it is finished", async () => {
    const name = await newRepo();
    const commit = await client.startCommit(branch(name));
    const waiting = client.inspectCommit({ repo: repo(name), at: commit.id }, "FINISHED");
    await client.modifyCommit(commit, [put("/a", "1")]);
    await client.finishCommit(commit);
    expect((await waiting).finished).toBeInstanceOf(Date);
  });

  test.each([
    ["a/b", "name (a/b) invalid: only alphanumeric characters, underscores, and dashes are allowed"],
    ["", "name () invalid: only alphanumeric characters, underscores, and dashes are allowed"],
  ])("a repo cannot be called %j", async (name, text) => {
    await expect(client.createRepo(repo(name))).rejects.toThrow(text);
  });

  test.each([
    ["/a*", "globbing character (*) not allowed in path"],
    ["/é", "only printable ASCII characters allowed"],
    ["/x/../y", "relative file paths are not allowed"],
  ])("a file cannot be called %j, and a refused put leaves no commit", async (path, text) => {
    const name = await newRepo();
    await expect(client.modifyBranch(branch(name), [put("/fine", "1"), put(path, "2")])).rejects.toThrow(text);
    expect(await Array.fromAsync(client.listCommits(repo(name)))).toEqual([]);
  });

  test("what is not there is NOT_FOUND, and what is there twice ALREADY_EXISTS", async () => {
    const name = await newRepo();
    await expect(client.inspectRepo(repo("nothing"))).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("repo default/nothing not found"),
    });
    await expect(client.createRepo(repo(name))).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await commitFiles(client, name, { "/a": "1" });
    await expect(client.inspectFile({ repo: repo(name), at: "master" }, "/b")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("finished commits are there after a restart", async () => {
    const first = await startTestEngine();
    await first.client.createRepo(repo("kept"));
    const id = await commitFiles(first.client, "kept", { "/small": "1", "/large": "x".repeat(200_000) });
    const second = await first.restart();
    expect(await readText(second.client, "kept", id, "/large")).toHaveLength(200_000);
    await second.close();
  });
});
