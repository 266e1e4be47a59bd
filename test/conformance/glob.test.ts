import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Files, add, paths } from "./files.ts";
import { Pachd, expectFault } from "./pachd.ts";

let pachd: Pachd;
let files: Files;
beforeAll(async () => {
  pachd = await Pachd.connect();
  files = await Files.create(pachd);
  const all = ["/a", "/ab.csv", "/b.txt", "/c-1.csv", "/d/a.txt", "/d/e/b.txt", "/d/e/c.csv", "/x/1", "/y/1", "/z/1"];
  await files.commit(all.map((path) => add(path, "1")));
});
afterAll(() => pachd.close());

describe("a pattern", () => {
  test.each<[pattern: string, rule: string, matches: string[]]>([
    ["/", "is the root alone", ["/"]],
    ["/*", "matches all files and directories at the top", ["/a", "/ab.csv", "/b.txt", "/c-1.csv", "/d/", "/x/", "/y/", "/z/"]],
    ["*", "needs no slash at its beginning", ["/a", "/ab.csv", "/b.txt", "/c-1.csv", "/d/", "/x/", "/y/", "/z/"]],
    ["/*/*", "matches the second level alone", ["/d/a.txt", "/d/e/", "/x/1", "/y/1", "/z/1"]],
    ["/d/**", "with two stars matches at any depth, directories too", ["/d/a.txt", "/d/e/", "/d/e/b.txt", "/d/e/c.csv"]],
    ["/**.txt", "with two stars may end in text", ["/b.txt", "/d/a.txt", "/d/e/b.txt"]],
    ["/**/*.txt", "with two stars and a slash misses the top", ["/d/a.txt", "/d/e/b.txt"]],
    ["/a?.csv", "with a question mark takes any one character", ["/ab.csv"]],
    ["/?", "with a question mark takes no more than one", ["/a", "/d/", "/x/", "/y/", "/z/"]],
    ["/[a-c]*", "with a class takes one of its characters", ["/a", "/ab.csv", "/b.txt", "/c-1.csv"]],
    ["/[!a-d]", "with a class and ! takes any other", ["/x/", "/y/", "/z/"]],
    ["/[^a-d]", "with a class and ^ takes any other", ["/x/", "/y/", "/z/"]],
    ["/{x,y}/*", "with braces takes alternatives", ["/x/1", "/y/1"]],
    ["/@(x|y)", "with @() takes one of several", ["/x/", "/y/"]],
    ["/?(a)b*", "with ?() takes none or one", ["/ab.csv", "/b.txt"]],
    ["/+(a|b).csv", "with +() takes one or more", ["/ab.csv"]],
    ["/*(a|b).csv", "with *() takes none or more", ["/ab.csv"]],
    ["/!(d|x|y|z)", "with !() takes all but these", ["/a", "/ab.csv", "/b.txt", "/c-1.csv"]],
    ["/(*)-(*).csv", "may have groups for the keys of joins", ["/c-1.csv"]],
    ["/d", "without a star matches a directory", ["/d/"]],
    ["/d/", "may end in a slash", ["/d/"]],
    ["/d/a.txt", "without a star matches a file", ["/d/a.txt"]],
    ["/zz*", "may match nothing", []],
    ["/\\a", "takes a backslash as a character like others", []],
    ["/{x", "may leave a brace open", ["/x/"]],
    ["/@(x", "may leave a group open", ["/x/"]],
    ["/(x", "may leave a parenthesis open", ["/x/"]],
  ])("%s: %s", async (pattern, _rule, matches) => {
    expect(paths(await files.glob(pattern))).toEqual(matches);
  });

  test.each(["/[", "/a["])("%s ends too early", (pattern) =>
    expectFault(files.glob(pattern), "UNKNOWN", "unexpected end of input"),
  );

  test("gives the same infos as a listing", async () => {
    expect(await files.glob("/*")).toEqual(await files.list("/"));
  });

  test("finds what is in an open commit", async () => {
    await files.start("open");
    expect(await files.glob("/", {}, "open")).toEqual([]);
    await files.send([add("/new")], "open");
    expect(paths(await files.glob("**", {}, "open"))).toEqual(["/new"]);
  });
});

describe("a range of paths", () => {
  test("goes from its lower bound up to, but without, its upper", async () => {
    expect(paths(await files.glob("**", { lower: "/d/", upper: "/d/e/c.csv" }))).toEqual([
      "/d/",
      "/d/a.txt",
      "/d/e/",
      "/d/e/b.txt",
    ]);
    expect(paths(await files.glob("**", { lower: "/y/1" }))).toEqual(["/y/1", "/z/", "/z/1"]);
    expect(paths(await files.glob("/*", { upper: "/b.txt" }))).toEqual(["/a", "/ab.csv"]);
  });

  test("has a directory that lies before its end, though the files in it do not", async () => {
    expect(paths(await files.glob("**", { lower: "/x/", upper: "/x/0" }))).toEqual(["/x/"]);
  });
});
