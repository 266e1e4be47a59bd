import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
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

const copy = (dst: string, path: string, append = false) => ({
  copy_file: { dst, append, src: { commit: files.at("from"), path } },
});

const commits = () => pachd.collect(pfs.ListCommit, { repo: files.repo });

describe("a stream of changes", () => {
  test("begins with the commit", () =>
    expectFault(pachd.send(pfs.ModifyFile, [add("/a", "1")]), "UNKNOWN", "first message must be a commit"));

  test("names no second commit", () =>
    expectFault(files.send([add("/a", "1"), { set_commit: files.at() }]), "UNKNOWN", "cannot set commit"));

  test("to a repo that is not there is refused", () => {
    const repo = { ...files.repo, name: "zzz" };
    const commit = { repo, branch: { repo, name: "master" } };
    const sent = pachd.send(pfs.ModifyFile, [{ set_commit: commit }, add("/a")]);
    return expectFault(sent, "NOT_FOUND", `repo ${pachd.project}/zzz not found`);
  });

  test("with a change that is refused changes nothing", async () => {
    await files.commit([add("/a", "1")]);
    await expectFault(files.send([add("/b", "2"), add("/c*")]), "UNKNOWN", "globbing character");
    expect(await commits()).toHaveLength(1);
    expect(await files.all()).toEqual({ "/a": "1" });
  });
});

describe("without an open commit", () => {
  test("changes make the branch where it is missing, and a commit of a user's that finishes by itself", async () => {
    const info = await files.commit([add("/a", "1")], "new");
    expect(info).toMatchObject({ origin: { kind: "USER" }, details: { size_bytes: "1" } });
    expect(info.error ?? "").toBe("");
    expect(info.started).toEqual(info.finishing);
    const branch = await pachd.call(pfs.InspectBranch, { branch: { repo: files.repo, name: "new" } });
    expect(branch.head?.id).toBe(info.commit?.id);
  });

  test("each stream makes one commit, also when it writes what is there already", async () => {
    const one = await files.commit([remove("/a"), add("/a", "same")]);
    const two = await files.commit([remove("/a"), add("/a", "same")]);
    expect(two.parent_commit?.id).toBe(one.commit?.id);
    expect(await files.all()).toEqual({ "/a": "same" });
  });

  test("a stream without changes makes an empty commit", async () => {
    await files.commit([add("/a", "1")]);
    await files.commit([]);
    expect(await commits()).toHaveLength(2);
    expect(await files.all()).toEqual({ "/a": "1" });
  });

  test("a commit asked for by its id takes no changes any more", async () => {
    const { commit } = await files.commit([add("/a")]);
    const text = `commit ${pachd.project}/${files.repo.name}@${commit?.id} has already finished`;
    await expectFault(files.send([add("/b")], commit?.id), "UNKNOWN", text);
    await expectFault(files.send([remove("/a")], commit?.id), "UNKNOWN", text);
  });

  test("a branch named as the commit's id gets no commit of its own", async () => {
    await files.commit([add("/a")]);
    const byId = { repo: files.repo, id: "master" };
    await expectFault(pachd.send(pfs.ModifyFile, [{ set_commit: byId }, add("/b")]), "UNKNOWN", "has already finished");
  });
});

describe("an open commit", () => {
  test("takes changes by its branch and by its id, and shows them before it is finished", async () => {
    const id = await files.start();
    await files.send([add("/a", "1")]);
    await files.send([add("/b", "2")], id);
    await pachd.send(pfs.ModifyFile, [{ set_commit: { repo: files.repo, id: "master" } }, add("/c", "3")]);
    expect(await files.all()).toEqual({ "/a": "1", "/b": "2", "/c": "3" });
    expect(await commits()).toHaveLength(1);
    expect(await files.finish()).toMatchObject({ commit: { id }, details: { size_bytes: "3" } });
  });

  test("of a branch with provenance takes changes; without one there, none can be made", async () => {
    const up = await Files.create(pachd);
    await up.commit([add("/a")]);
    const branch = { repo: files.repo, name: "master" };
    await pachd.call(pfs.CreateBranch, { branch, provenance: [{ repo: up.repo, name: "master" }] });
    await files.send([add("/made", "by hand")]);
    await files.finish();
    expect(await files.all()).toEqual({ "/made": "by hand" });
    const text = `cannot start a commit on an output branch: ${pachd.project}/${files.repo.name}@master`;
    await expectFault(files.send([add("/b")]), "UNKNOWN", text);
  });
});

describe("adding a file", () => {
  test("appends to what is there, in one stream and in a later commit", async () => {
    await files.commit([add("/a", "one "), add("/a", "two ")]);
    await files.commit([add("/a", "three")]);
    expect(await files.all()).toEqual({ "/a": "one two three" });
  });

  test("replaces it when the path is deleted before", async () => {
    await files.commit([add("/a", "old")]);
    await files.commit([remove("/a"), add("/a", "new")]);
    expect(await files.all()).toEqual({ "/a": "new" });
  });

  test("puts its pieces together, also when others come between", async () => {
    await files.commit([add("/a", "1"), add("/b", "x"), add("/a", "2"), add("/b", "y"), add("/a", "3")]);
    expect(await files.all()).toEqual({ "/a": "123", "/b": "xy" });
  });

  test("without a source, or with no bytes, makes an empty file", async () => {
    await files.commit([{ add_file: { path: "/none" } }, add("/empty")]);
    expect(await files.all()).toEqual({ "/none": "", "/empty": "" });
    const { hash } = await files.inspect("/none");
    expect(hash?.toString("hex")).toBe("0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
  });

  test("with no bytes leaves a file that is there as it is", async () => {
    await files.commit([add("/a", "text")]);
    await files.commit([add("/a")]);
    expect(await files.all()).toEqual({ "/a": "text" });
  });
});

describe("deleting", () => {
  beforeEach(() => files.commit([add("/a", "1"), add("/d/x", "2"), add("/d/e/y", "3"), add("/dz", "4")]));

  test("takes the one path, and no other that begins with it", async () => {
    await files.commit([remove("/d/x")]);
    expect(Object.keys(await files.all())).toEqual(["/a", "/d/e/y", "/dz"]);
  });

  test("a path that is not there makes a commit all the same", async () => {
    await files.commit([remove("/nothing")]);
    expect(await commits()).toHaveLength(2);
  });

  test("a directory's path without a slash deletes nothing", async () => {
    await files.commit([remove("/d")]);
    expect(Object.keys(await files.all())).toEqual(["/a", "/d/e/y", "/d/x", "/dz"]);
  });

  test("a path with a slash at its end deletes all below", async () => {
    await files.commit([remove("/d/")]);
    expect(Object.keys(await files.all())).toEqual(["/a", "/dz"]);
  });

  test("the root's path deletes everything", async () => {
    await files.commit([remove("/")]);
    expect(await files.all()).toEqual({});
  });

  test("counts for what came before it in the stream, and not for what comes after", async () => {
    await files.commit([add("/d/before", "b"), remove("/d/"), add("/d/x", "after")]);
    expect(await files.all()).toEqual({ "/a": "1", "/d/x": "after", "/dz": "4" });
  });
});

describe("copying", () => {
  beforeEach(() => files.commit([add("/a", "1"), add("/d/x", "2"), add("/d/e/y", "3")], "from"));

  test("a file gives it another path", async () => {
    await files.commit([copy("/b", "/a")]);
    expect(await files.all()).toEqual({ "/b": "1" });
  });

  test("a directory copies all below it", async () => {
    await files.commit([copy("/new/d", "/d")]);
    expect(await files.all()).toEqual({ "/new/d/e/y": "3", "/new/d/x": "2" });
  });

  test("the root copies everything, also from another repo", async () => {
    const other = await Files.create(pachd);
    await other.commit([copy("/all", "/")]);
    expect(Object.keys(await other.all())).toEqual(["/all/a", "/all/d/e/y", "/all/d/x"]);
  });

  test("replaces a file, or is appended to it", async () => {
    await files.commit([add("/a", "old "), add("/b", "old ")]);
    await files.commit([copy("/a", "/a"), copy("/b", "/a", true)]);
    expect(await files.all()).toEqual({ "/a": "1", "/b": "old 1" });
  });

  test("a path that is not there copies nothing", async () => {
    await files.commit([add("/b", "2"), copy("/c", "/nothing")]);
    expect(await files.all()).toEqual({ "/b": "2" });
  });

  test("does not see what its own stream has changed", async () => {
    await files.commit([add("/new", "n"), copy("/c", "/new")], "from");
    expect(Object.keys(await files.all("from"))).toEqual(["/a", "/d/e/y", "/d/x", "/new"]);
  });
});

describe("the tag of a datum", () => {
  test("is default where none is given, and shown with the file", async () => {
    await files.commit([add("/a"), add("/b", "", "tag")]);
    expect((await files.list("/")).map(({ file }) => file?.datum)).toEqual(["default", "tag"]);
  });

  test("is a part of what is deleted", async () => {
    await files.commit([add("/a", "1", "tag")]);
    await files.commit([remove("/a"), remove("/a", "other")]);
    expect(await files.all()).toEqual({ "/a": "1" });
    await files.commit([remove("/a", "tag")]);
    expect(await files.all()).toEqual({});
  });

  test("may not be another one on the same path: the commit ends with an error", async () => {
    const { error } = await files.commit([add("/same", "1", "one"), add("/same", "2", "two")]);
    expect(error).toBe("duplicate path output by different datums (/same from one and /same from two)");
  });

  test("is asked for by readers who want one writer's files alone", async () => {
    await files.commit([add("/a", "1", "one"), add("/d/b", "22", "two"), add("/d/c", "333", "one")]);
    const file = { commit: files.at(), path: "/", datum: "one" };
    const walked = await pachd.collect(pfs.WalkFile, { file });
    expect(walked.map((info) => [info.file?.path, info.size_bytes])).toEqual([
      ["/", "4"],
      ["/a", "1"],
      ["/d/", "3"],
      ["/d/c", "3"],
    ]);
  });
});

describe("a file below a file", () => {
  const text = "file / directory path collision (/s/sub)";

  test("is accepted, and is the commit's error; reading it gives that error", async () => {
    await files.commit([add("/s", "file")]);
    expect(await files.commit([add("/s/sub", "x")])).toMatchObject({ error: text });
    await expectFault(files.list("/"), "UNKNOWN", text);
    await expectFault(files.walk("/"), "UNKNOWN", text);
    await expectFault(files.glob("**"), "UNKNOWN", text);
  });

  test("is not in the next commit, which is built upon the last good one", async () => {
    await files.commit([add("/s", "file")]);
    await files.commit([add("/s/sub", "x")]);
    await files.commit([add("/x", "1")]);
    expect(await files.all()).toEqual({ "/s": "file", "/x": "1" });
    expect(paths(await files.list("/"))).toEqual(["/s", "/x"]);
  });
});
