import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { randomBytes } from "node:crypto";
import type { ModifyFileRequest } from "../../src/pachyderm/generated/pfs_v2/ModifyFileRequest.ts";
import { Files, add, paths, remove } from "./files.ts";
import { Pachd, expectFault, pfs } from "./pachd.ts";

let pachd: Pachd;
let files: Files;
beforeAll(async () => {
  pachd = await Pachd.connect();
});
afterAll(() => pachd.close());
beforeEach(async () => {
  files = await Files.create(pachd);
});

const MISSING = `${randomBytes(16).toString("hex")}.${randomBytes(32).toString("hex")}`;

async function create(...messages: ModifyFileRequest[]): Promise<string> {
  return (await pachd.send(pfs.CreateFileSet, messages)).file_set_id ?? "";
}

const addTo = (file_set_id: string, commit = "master") => pachd.call(pfs.AddFileSet, { commit: files.at(commit), file_set_id });
const renew = (file_set_id: string, ttl_seconds: number) => pachd.call(pfs.RenewFileSet, { file_set_id, ttl_seconds });
const compose = async (...file_set_ids: string[]) =>
  (await pachd.call(pfs.ComposeFileSet, { file_set_ids, ttl_seconds: 60 })).file_set_id ?? "";

const ofCommit = async (commit: string, type: "TOTAL" | "DIFF") =>
  (await pachd.call(pfs.GetFileSet, { commit: files.at(commit), type })).file_set_id ?? "";

const shard = async (limits: object) => {
  const file_set_id = await create(add("/a", "1"), add("/b", "22"), add("/c", "333"), add("/d", "4444"), add("/e", "55555"));
  const { shards = [] } = await pachd.call(pfs.ShardFileSet, { file_set_id, ...limits });
  return shards.map(({ lower = "", upper = "" }) => [lower, upper]);
};

describe("a file set", () => {
  test("has an id of 32 and 64 hexadecimal digits", async () => {
    expect(await create(add("/a"))).toMatch(/^[0-9a-f]{32}\.[0-9a-f]{64}$/);
  });

  test("is made by changes without a commit", () =>
    expectFault(create({ set_commit: files.at() }, add("/a")), "UNKNOWN", "cannot set commit"));

  test("is read as a commit of the repo __filesets__", async () => {
    const id = await create(add("/a", "1"), add("/d/x", "22"), add("/d/x", "3"));
    expect(paths(await files.list("/", id))).toEqual(["/a", "/d/"]);
    expect(paths(await files.walk("/d", id))).toEqual(["/d/", "/d/x"]);
    expect(paths(await files.glob("/**x", {}, id))).toEqual(["/d/x"]);
    expect(await files.read("/d/x", id)).toBe("223");
    expect(await files.inspect("/d", id)).toMatchObject({ file: { path: "/d/" }, file_type: "DIR", size_bytes: "3" });
    expect((await files.untar("/", {}, id)).map(({ name }) => name)).toEqual(["/", "/a", "/d/", "/d/x"]);
  });

  test("has no paths that a commit would not have", () =>
    expectFault(create(add("/a*")), "UNKNOWN", "path (/a*) invalid: globbing character (*) not allowed in path"));

  test("that is not there is refused", () => expectFault(files.list("/", MISSING), "UNKNOWN", "path does not exist"));
});

describe("adding a file set", () => {
  test("puts its files into an open commit", async () => {
    await files.start();
    await addTo(await create(add("/a", "1"), add("/b", "2")));
    await addTo(await create(add("/c", "3")));
    expect(await files.all()).toEqual({ "/a": "1", "/b": "2", "/c": "3" });
    expect(await files.finish()).toMatchObject({ details: { size_bytes: "3" } });
  });

  test("appends to the files that are there", async () => {
    await files.commit([add("/a", "old ")]);
    await files.start();
    await addTo(await create(add("/a", "new")));
    expect(await files.all()).toEqual({ "/a": "old new" });
  });

  test("deletes what it was told to delete, and then adds", async () => {
    await files.commit([add("/a", "old"), add("/b", "old"), add("/c", "old")]);
    await files.start();
    await addTo(await create(remove("/a"), remove("/b"), add("/b", "new")));
    expect(await files.all()).toEqual({ "/b": "new", "/c": "old" });
  });

  test("is refused by a finished commit", async () => {
    await files.commit([add("/a")]);
    await expectFault(addTo(await create(add("/b"))), "UNKNOWN", "has already finished");
  });
});

describe("the file set of a commit", () => {
  beforeEach(async () => {
    await files.commit([add("/a", "1"), add("/b", "2")]);
    await files.commit([remove("/a"), add("/c", "3")]);
  });

  test("has all its files", async () => {
    expect(await files.all(await ofCommit("master", "TOTAL"))).toEqual({ "/b": "2", "/c": "3" });
  });

  test("or what it has changed: added to another commit it makes the same change", async () => {
    const id = await ofCommit("master", "DIFF");
    expect(await files.all(id)).toEqual({ "/c": "3" });
    await files.commit([add("/a", "other"), add("/z", "kept")], "elsewhere");
    await files.start("elsewhere");
    await addTo(id, "elsewhere");
    expect(await files.all("elsewhere")).toEqual({ "/c": "3", "/z": "kept" });
  });

  test("is that of an open commit too", async () => {
    await files.start();
    await files.send([add("/d", "4")]);
    expect(await files.all(await ofCommit("master", "TOTAL"))).toEqual({ "/b": "2", "/c": "3", "/d": "4" });
  });
});

describe("composed file sets", () => {
  test("are layers: what a later one deletes is gone, and what it adds is appended", async () => {
    const id = await compose(
      await create(add("/a", "1"), add("/b", "2"), add("/c", "3")),
      await create(remove("/a"), add("/b", "two")),
    );
    expect(await files.all(id)).toEqual({ "/b": "2two", "/c": "3" });
  });

  test("still delete in the commit that they are added to", async () => {
    await files.commit([add("/a", "old"), add("/b", "old")]);
    await files.start();
    await addTo(await compose(await create(remove("/a")), await create(add("/c", "3"))));
    expect(await files.all()).toEqual({ "/b": "old", "/c": "3" });
  });

  test("have to be there", () => expectFault(compose(MISSING), "UNKNOWN"));
});

describe("the time of a file set", () => {
  test("can be prolonged by up to half an hour", async () => {
    const id = await create(add("/a", "1"));
    await renew(id, 1800);
    expect(await files.all(id)).toEqual({ "/a": "1" });
  });

  test.each([
    [0, "must be at least one second"],
    [1801, "exceeds max ttl"],
  ])("cannot be %i seconds: it %s", async (seconds, text) => {
    await expectFault(renew(await create(add("/a")), seconds), "UNKNOWN", text);
  });
});

describe("the shards of a file set", () => {
  test("are one range without bounds when it is small", async () => {
    expect(await shard({})).toEqual([["", ""]]);
  });

  test("have so many files each, and follow each other", async () => {
    expect(await shard({ num_files: 2 })).toEqual([
      ["", "/c"],
      ["/c", "/e"],
      ["/e", ""],
    ]);
  });

  test("end when they have so many bytes", async () => {
    expect(await shard({ size_bytes: 3 })).toEqual([
      ["", "/c"],
      ["/c", "/d"],
      ["/d", "/e"],
      ["/e", ""],
    ]);
  });
});
