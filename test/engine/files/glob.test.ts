import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileGlob } from "../../../src/engine/files/glob.ts";

interface Row {
  readonly pattern: string;
  readonly matches: readonly string[];
  readonly misses: readonly string[];
}

describe("a glob", () => {
  test.each<Row>([
    { pattern: "/", matches: ["/"], misses: ["/a"] },
    { pattern: "", matches: ["/"], misses: ["/a"] },
    { pattern: "/a.txt", matches: ["/a.txt"], misses: ["/aatxt", "/a.txt/b", "/b/a.txt"] },
    { pattern: "a/", matches: ["/a"], misses: ["/", "/a/b"] },
    { pattern: "/*", matches: ["/a", "/a.b"], misses: ["/", "/a/b"] },
    { pattern: "*", matches: ["/a"], misses: ["/", "/a/b"] },
    { pattern: "/*/*", matches: ["/a/b"], misses: ["/a", "/a/b/c"] },
    { pattern: "/**", matches: ["/a", "/a/b", "/a/b/c.txt"], misses: ["/"] },
    { pattern: "/**.txt", matches: ["/a.txt", "/a/b.txt"], misses: ["/a.csv", "/a.txt/b"] },
    { pattern: "/**/*.txt", matches: ["/a/b.txt", "/a/b/c.txt"], misses: ["/a.txt"] },
    { pattern: "/a?.csv", matches: ["/ab.csv"], misses: ["/a.csv", "/abc.csv", "/a/.csv"] },
    { pattern: "/[a-c]*", matches: ["/a", "/cd"], misses: ["/d", "/"] },
    { pattern: "/[!a]*", matches: ["/b", "/ba"], misses: ["/a", "/ab"] },
    { pattern: "/[^a]*", matches: ["/b"], misses: ["/a"] },
    { pattern: "/[a-cx_-]", matches: ["/b", "/x", "/_", "/-"], misses: ["/d", "/ab"] },
    { pattern: "/[[:digit:]x]", matches: ["/5", "/x"], misses: ["/d", "/:"] },
    { pattern: "/a[!b]c", matches: ["/axc", "/a/c"], misses: ["/abc"] },
    { pattern: "/{x,y}/*", matches: ["/x/1", "/y/2"], misses: ["/z/1", "/x", "/x,y/1"] },
    { pattern: "/{a*,{b,c}d}", matches: ["/a1", "/bd", "/cd"], misses: ["/d", "/b"] },
    { pattern: "/@(a|b)*", matches: ["/a", "/bx"], misses: ["/c"] },
    { pattern: "/?(a)b", matches: ["/b", "/ab"], misses: ["/aab"] },
    { pattern: "/+(a)b", matches: ["/ab", "/aab"], misses: ["/b"] },
    { pattern: "/*(a)b", matches: ["/b", "/aab"], misses: ["/cb"] },
    { pattern: "/!(a)", matches: ["/b", "/ab"], misses: ["/a", "/b/c"] },
    { pattern: "/!(*.js|*.json)", matches: ["/a.csv", "/a.js.gz"], misses: ["/a.js", "/a.json"] },
    { pattern: "/!(!(a))", matches: ["/a"], misses: ["/b"] },
    { pattern: "/!(a)*", matches: ["/b"], misses: ["/a", "/ab"] },
    { pattern: "/!(a)b", matches: ["/cb"], misses: ["/ab", "/axb"] },
    { pattern: "/*!(b)", matches: ["/a", "/ab"], misses: ["/a/b"] },
    { pattern: "/**(.js)", matches: ["/a.js", "/a"], misses: ["/a/b.js"] },
    { pattern: "/a,b|c", matches: ["/a,b|c"], misses: ["/a", "/c"] },
    { pattern: "/a\\*b", matches: ["/a\\xb"], misses: ["/a*b"] },
    { pattern: "/{a", matches: ["/a"], misses: ["/{a"] },
    { pattern: "/@(a", matches: ["/a"], misses: ["/@(a"] },
    { pattern: "/(a|!(b", matches: ["/a", "/c"], misses: ["/b"] },
  ])("$pattern matches $matches but not $misses", ({ pattern, matches, misses }) => {
    const glob = compileGlob(pattern);
    expect(matches.filter((path) => !glob.matches(path))).toEqual([]);
    expect(misses.filter((path) => glob.matches(path))).toEqual([]);
  });

  test.each([
    { pattern: "/(*)-(*).csv", path: "/a-b.csv", captures: ["a", "b"] },
    { pattern: "/?(a)@(b|c)+(d)*(e)", path: "/bddee", captures: ["", "b", "dd", "ee"] },
    { pattern: "/(a(?))", path: "/ax", captures: ["ax", "x"] },
    { pattern: "/{(a),(b)}", path: "/b", captures: ["", "b"] },
    { pattern: "/!(a).csv", path: "/b.csv", captures: ["b"] },
    { pattern: "/*", path: "/a", captures: [] },
    { pattern: "/(*)", path: "/a/b", captures: undefined },
  ])("$pattern captures $captures of $path", ({ pattern, path, captures }) => {
    expect(compileGlob(pattern).captures(path)).toEqual(captures);
  });

  test.each([
    { pattern: "/", prefix: "/", isLiteral: true },
    { pattern: "a/b", prefix: "/a/b", isLiteral: true },
    { pattern: "/bucket-0*/x", prefix: "/bucket-0", isLiteral: false },
    { pattern: "/ab?(c)", prefix: "/ab", isLiteral: false },
    { pattern: "/a(b)", prefix: "/a", isLiteral: false },
    { pattern: "**", prefix: "/", isLiteral: false },
  ])("$pattern begins with $prefix", ({ pattern, prefix, isLiteral }) => {
    expect(compileGlob(pattern)).toMatchObject({ prefix, isLiteral });
  });

  test.each(["/[", "/a[b", "/[!", "/@(a["])("%s ends too early", (pattern) => {
    expect(() => compileGlob(pattern)).toThrow(expect.objectContaining({ code: "FAILED", message: "unexpected end of input" }));
  });

  test.each(["/[]", "/[!]", "/[z-a]", "/[[:letters:]]", "/[[:^alpha:]]"])("%s is refused", (pattern) => {
    expect(() => compileGlob(pattern)).toThrow(expect.objectContaining({ code: "FAILED" }));
  });
});

describe("for any path", () => {
  const letter = fc.constantFrom("a", "b", ".", "-", "_", " ", "\\", "$", "|", ",", "~", "#", "%");
  const segment = fc.string({ unit: letter, minLength: 1, maxLength: 5 }).filter((text) => !/^\.\.?$/.test(text));
  const anyPath = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => `/${segments.join("/")}`);

  test("a literal glob matches itself and nothing else", () => {
    const property = fc.property(anyPath, anyPath, (path, other) => {
      const glob = compileGlob(path);
      expect(glob).toMatchObject({ isLiteral: true, prefix: path });
      expect(glob.matches(path)).toBe(true);
      expect(glob.matches(other)).toBe(other === path);
    });
    fc.assert(property);
  });

  test("a star stands for one level, two stars for all", () => {
    const property = fc.property(anyPath, (path) => {
      const depth = path.split("/").length - 1;
      expect(compileGlob("/*").matches(path)).toBe(depth === 1);
      expect(compileGlob("/*/*").matches(path)).toBe(depth === 2);
      expect(compileGlob("/**").matches(path)).toBe(true);
      expect(compileGlob("/**/*").matches(path)).toBe(depth >= 2);
    });
    fc.assert(property);
  });

  test("what matches begins with the prefix", () => {
    const pieces = fc.constantFrom("*", "**", "?", "[ab]", "[!a]", "{a,b}", "(a)", "!(b)", "a", "b", "/", "?(a");
    const pattern = fc.array(pieces, { maxLength: 6 }).map((parts) => `/a${parts.join("")}`);
    const property = fc.property(pattern, anyPath, (text, path) => {
      const glob = compileGlob(text);
      expect(!glob.matches(path) || path.startsWith(glob.prefix)).toBe(true);
      expect(glob.captures(path) !== undefined).toBe(glob.matches(path));
    });
    fc.assert(property, { numRuns: 1000 });
  });
});
