import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Files, add, remove } from "./files.ts";
import { Pachd, expectFault, pfs } from "./pachd.ts";

let pachd: Pachd;
let files: Files;
let id: string;
beforeAll(async () => {
  pachd = await Pachd.connect();
  files = await Files.create(pachd);
  await files.commit([add("/old", "before")]);
  const info = await files.commit([
    remove("/old"),
    add("/a.txt", "some text"),
    add("/d/x", "1"),
    add("/d/y", "22"),
    add("/empty"),
  ]);
  id = info.commit?.id ?? "";
});
afterAll(() => pachd.close());

const hash = async (path: string) => (await files.inspect(path, "hashes")).hash?.toString("hex");

const repoText = () => `${pachd.project}/${files.repo.name}`;

describe("reading a file", () => {
  test("gives its bytes", async () => {
    expect(await files.read("/a.txt")).toBe("some text");
    expect(await files.read("a.txt", id)).toBe("some text");
  });

  test("begins at an offset", async () => {
    expect(await files.get({ file: { commit: files.at(), path: "/a.txt" }, offset: 5 })).toBe("text");
  });

  test("of no bytes gives no message", async () => {
    expect(await pachd.collect(pfs.GetFile, { file: { commit: files.at(), path: "/empty" } })).toEqual([]);
  });

  test("takes a pattern that matches one file", async () => {
    expect(await files.read("/*.txt")).toBe("some text");
    expect(await files.read("/d/[y-z]")).toBe("22");
  });

  test.each(["/d/*", "/{a.txt,empty}"])("refuses the pattern %s, which matches several", (path) =>
    expectFault(files.read(path), "UNKNOWN", "matched multiple files. Use GetFileTAR instead"),
  );

  test.each(["/d", "/", "/d/", "/d*"])("refuses %s, which is a directory", (path) =>
    expectFault(files.read(path), "UNKNOWN", "cannot get directory or non-regular file. Use GetFileTAR instead"),
  );

  test("reaches older commits", async () => {
    expect(await files.get({ file: { commit: { repo: files.repo, id: "master^" }, path: "/old" } })).toBe("before");
  });

  test("of a path that is not there names the commit as the request did", async () => {
    await expectFault(files.read("/zzz", id), "NOT_FOUND", `file /zzz not found in repo ${repoText()} at commit ${id}`);
    await expectFault(files.read("/zzz"), "NOT_FOUND", `file /zzz not found in repo ${repoText()} at commit `);
    const older = files.get({ file: { commit: { repo: files.repo, id: "master^1" }, path: "/zzz" } });
    await expectFault(older, "NOT_FOUND", `file /zzz not found in repo ${repoText()} at commit master^1`);
  });

  test("of a repo that is not there says what it did", () => {
    const repo = { ...files.repo, name: "zzz" };
    const got = files.get({ file: { commit: { repo, branch: { repo, name: "master" } }, path: "/a" } });
    return expectFault(got, "NOT_FOUND", "get file: pick commit tx: commit ", `repo ${pachd.project}/zzz not found`);
  });

  test("of an open commit gives what was written so far", async () => {
    const open = await files.start("open");
    await files.send([add("/a", "one")], open);
    await files.send([add("/a", " two")], open);
    expect(await files.read("/a", "open")).toBe("one two");
  });
});

describe("what is told of a file", () => {
  test("is its place, size, hash, writer and the time when its commit got the last file", async () => {
    const { finishing } = await files.finished();
    expect(await files.inspect("/a.txt")).toEqual({
      file: {
        commit: { repo: { name: files.repo.name, type: "user", project: { name: pachd.project } }, id },
        path: "/a.txt",
        datum: "default",
      },
      file_type: "FILE",
      committed: finishing,
      size_bytes: "9",
      hash: expect.any(Buffer) as Buffer,
    });
  });

  test("of a directory has a path with a slash, the sum of sizes, and no writer", async () => {
    const info = await files.inspect("/d");
    expect(info).toMatchObject({ file: { path: "/d/" }, file_type: "DIR", size_bytes: "3" });
    expect(info.file?.datum ?? "").toBe("");
    expect(await files.inspect("/d/")).toEqual(info);
  });

  test("has no time while the commit is open", async () => {
    const open = await files.start("open2");
    await files.send([add("/a", "one")], open);
    const info = await files.inspect("/a", "open2");
    expect(info.committed).toBeUndefined();
    expect(info.size_bytes).toBe("3");
  });

  test("of a path that is not there is refused", () =>
    expectFault(files.inspect("/zzz", id), "NOT_FOUND", `file /zzz not found in repo ${repoText()} at commit ${id}`));

  test("of the root of an empty commit is refused", async () => {
    await files.start("nothing");
    await expectFault(files.inspect("/", "nothing"), "NOT_FOUND", "file / not found");
  });
});

describe("the hash", () => {
  beforeAll(async () => {
    await files.commit(
      [add("/one/hello", "hello\n"), add("/two/other name", "hello\n"), add("/pieces", "hel"), add("/pieces", "lo\n")],
      "hashes",
    );
  });

  test("of a small file is that of its content's hash", async () => {
    expect(await hash("/one/hello")).toBe("a76538c4bbfc9fae4cb77133a200d817a05b3639a9b6bd862a9c3a8201cc20f6");
  });

  test("depends on the content alone, not on the name or the pieces", async () => {
    expect(await hash("/two/other name")).toBe(await hash("/one/hello"));
    expect(await hash("/pieces")).toBe(await hash("/one/hello"));
  });

  test("of a directory is that of its entries' hashes, whatever their names", async () => {
    expect(await hash("/one")).toBe("d0c9d88049f70d9be32a759f75daf4b14a103ddc42d1dee8823e9b60ceb73804");
    expect(await hash("/two")).toBe(await hash("/one"));
  });
});
