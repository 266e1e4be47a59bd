import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Files, add, paths } from "./files.ts";
import { Pachd, expectFault, pfs } from "./pachd.ts";

let pachd: Pachd;
let files: Files;
beforeAll(async () => {
  pachd = await Pachd.connect();
  files = await Files.create(pachd);
  await files.commit([
    add("/a-b", "dash"),
    add("/a.txt", "one"),
    add("/a/x", "1"),
    add("/a/y/z", "22"),
    add("/b/x", "1"),
    add("/c", "3"),
  ]);
});
afterAll(() => pachd.close());

const marker = (path: string) => ({ paginationMarker: { commit: files.at(), path } });

describe("listing", () => {
  test("a directory gives what is directly in it, with the sizes of all below", async () => {
    const listed = await files.list("/");
    expect(listed.map(({ file, file_type, size_bytes }) => [file?.path, file_type, size_bytes])).toEqual([
      ["/a-b", "FILE", "4"],
      ["/a.txt", "FILE", "3"],
      ["/a/", "DIR", "3"],
      ["/b/", "DIR", "1"],
      ["/c", "FILE", "1"],
    ]);
  });

  test.each(["/a", "/a/", "a"])("takes the directory's path as %s", async (path) => {
    expect(paths(await files.list(path))).toEqual(["/a/x", "/a/y/"]);
  });

  test("a file gives that file", async () => {
    expect(paths(await files.list("/a/x"))).toEqual(["/a/x"]);
  });

  test("a path that is not there gives nothing, and is no error", async () => {
    expect(await files.list("/nothing")).toEqual([]);
    expect(await files.list("/a/nothing")).toEqual([]);
  });

  test("a branch or a repo that is not there is refused", async () => {
    await expectFault(
      files.list("/", "nope"),
      "NOT_FOUND",
      `branch "nope" not found in repo ${pachd.project}/${files.repo.name}`,
    );
    const repo = { ...files.repo, name: "zzz" };
    const listed = pachd.collect(pfs.ListFile, { file: { commit: { repo, branch: { repo, name: "master" } }, path: "/" } });
    await expectFault(listed, "NOT_FOUND", `repo ${pachd.project}/zzz not found`);
  });

  test("an empty commit gives nothing", async () => {
    await files.start("empty");
    expect(await files.list("/", "empty")).toEqual([]);
  });

  test("a commit that its user has given an error gives its files all the same", async () => {
    await files.start("failed");
    await files.send([add("/x", "1")], "failed");
    await pachd.call(pfs.FinishCommit, { commit: files.at("failed"), error: "boom" });
    expect(await files.finished("failed")).toMatchObject({ error: "boom" });
    expect(paths(await files.list("/", "failed"))).toEqual(["/x"]);
  });

  test("says the same as an inspection of each", async () => {
    for (const info of await files.list("/")) expect(await files.inspect(info.file?.path ?? "")).toEqual(info);
  });
});

describe("walking", () => {
  test("a directory gives it and everything below, depth first", async () => {
    expect(paths(await files.walk("/a"))).toEqual(["/a/", "/a/x", "/a/y/", "/a/y/z"]);
    expect(paths(await files.walk("/"))).toEqual(["/", "/a-b", "/a.txt", "/a/", "/a/x", "/a/y/", "/a/y/z", "/b/", "/b/x", "/c"]);
  });

  test("a file gives that file", async () => {
    expect(paths(await files.walk("/a/x"))).toEqual(["/a/x"]);
  });

  test("a path that is not there is refused", () => expectFault(files.walk("/nothing"), "NOT_FOUND", "does not contain item"));

  test("the root of an empty commit finds no file, and is no error", async () => {
    await files.start("void");
    expect((await files.walk("/", "void")).filter(({ file_type }) => file_type === "FILE")).toEqual([]);
  });
});

describe("a page of a listing", () => {
  test("has at most so many", async () => {
    expect(paths(await files.list("/", "master", { number: 2 }))).toEqual(["/a-b", "/a.txt"]);
    expect(paths(await files.walk("/", "master", { number: 3 }))).toEqual(["/", "/a-b", "/a.txt"]);
  });

  test("begins behind the marker", async () => {
    expect(paths(await files.list("/", "master", { ...marker("/a.txt"), number: 2 }))).toEqual(["/a/", "/b/"]);
    expect(paths(await files.list("/", "master", marker("/a/")))).toEqual(["/b/", "/c"]);
    expect(paths(await files.walk("/", "master", { ...marker("/a/x"), number: 2 }))).toEqual(["/a/y/", "/a/y/z"]);
  });

  test("begins where the marker would be, if it is not there", async () => {
    expect(paths(await files.list("/", "master", marker("/ab")))).toEqual(["/b/", "/c"]);
  });

  test("goes backwards in reverse: from the end, or from before the marker", async () => {
    expect(paths(await files.list("/", "master", { number: 2, reverse: true }))).toEqual(["/c", "/b/"]);
    expect(paths(await files.list("/", "master", { ...marker("/b/"), number: 2, reverse: true }))).toEqual(["/a/", "/a.txt"]);
    expect(paths(await files.walk("/", "master", { ...marker("/a/y/"), number: 2, reverse: true }))).toEqual(["/a/x", "/a/"]);
  });

  test("in reverse needs a number", () =>
    expectFault(files.list("/", "master", { reverse: true }), "UNKNOWN", "number must be > 0 when reverse is true"));

  test("has 100,000 files at most", async () => {
    const text = "cannot return more than 100000 files at a time";
    await expectFault(files.list("/", "master", { number: 100_001 }), "UNKNOWN", text);
    await expectFault(files.walk("/", "master", { number: 100_001 }), "UNKNOWN", text);
  });
});
