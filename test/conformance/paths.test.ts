import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Files, add, remove } from "./files.ts";
import { Pachd, expectFault } from "./pachd.ts";

let pachd: Pachd;
let files: Files;
beforeAll(async () => {
  pachd = await Pachd.connect();
});
afterAll(() => pachd.close());
beforeEach(async () => {
  files = await Files.create(pachd);
});

describe("the path of a file", () => {
  test.each(["*", "?", "[", "]", "{", "}", "!", "(", ")", "@", "+", "^"])(
    "holds no %s, which means something in a pattern",
    (character) => {
      const path = `/a${character}b`;
      return expectFault(
        files.send([add(path)]),
        "UNKNOWN",
        `path (${path}) invalid: globbing character (${character}) not allowed in path`,
      );
    },
  );

  test.each(["/é.txt", "/a\nb", "/a\x00b", "/tab\t", ""])("is of printable ASCII characters, and not %j", (path) =>
    expectFault(files.send([add(path)]), "UNKNOWN", `path (${path}) invalid: only printable ASCII characters allowed`),
  );

  test.each(["/./q", "/x/../y", "..", "/a/."])("is absolute, and not %s", (path) =>
    expectFault(files.send([add(path)]), "UNKNOWN", `path (${path}) invalid: relative file paths are not allowed`),
  );

  test.each([
    ["/a//b", "/a/b"],
    ["/t/", "/t"],
    ["noslash", "/noslash"],
    ["//x", "/x"],
    ["/a b", "/a b"],
    ["/a\\b", "/a\\b"],
    ["/.hidden", "/.hidden"],
    ["/...", "/..."],
    ["/~'\"#$%&,-.;<=>_`|", "/~'\"#$%&,-.;<=>_`|"],
  ])("%s is stored as %s", async (given, stored) => {
    await files.commit([add(given, "text")]);
    expect(await files.all()).toEqual({ [stored]: "text" });
  });

  test("is checked when it is deleted, too", () =>
    expectFault(files.send([remove("/a*")]), "UNKNOWN", "path (/a*) invalid: globbing character (*) not allowed in path"));

  test("may be given in another form when it is deleted", async () => {
    await files.commit([add("/a/b"), add("/c")]);
    await files.commit([remove("a//b"), remove("c")]);
    expect(await files.all()).toEqual({});
  });
});

describe("files are in the order of their whole paths", () => {
  test("byte by byte, a directory with the slash behind its name", async () => {
    await files.commit(["/a0", "/a/x", "/a-b", "/a.txt", "/A", "/a/B", "/b"].map((path) => add(path)));
    const walked = (await files.walk("/")).map(({ file }) => file?.path);
    expect(walked).toEqual(["/", "/A", "/a-b", "/a.txt", "/a/", "/a/B", "/a/x", "/a0", "/b"]);
  });
});
