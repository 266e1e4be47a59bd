import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fileEntry, fileKey } from "../../../src/engine/files/file-entry.ts";
import { blake2b256, loadHasher, smallFileHash } from "../../../src/engine/store/file-hash.ts";
import { FileSet, type PathRange } from "../../../src/engine/files/file-set.ts";
import { compileGlob } from "../../../src/engine/files/glob.ts";
import { EMPTY_ROOT, applyEdits } from "../../../src/engine/tree/tree.ts";
import { MemoryNodeStore, writtenBy } from "../../../src/engine/files/written-by.ts";

await loadHasher();

/** Files, whose content is their path, each by the tag behind its path. */
function fileSet(files: Readonly<Record<string, string>>): FileSet & { readonly nodes: MemoryNodeStore } {
  const nodes = new MemoryNodeStore();
  const edits = Object.entries(files)
    .map(([path, tag]) => {
      const data = Buffer.from(path);
      const content = { chunks: [{ id: blake2b256(data), bytes: data.length }], bytes: data.length, hash: smallFileHash(data) };
      return { key: fileKey(path, tag), entry: fileEntry(content) };
    })
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  return Object.assign(new FileSet(nodes, applyEdits(nodes, EMPTY_ROOT, edits)), { nodes });
}

const untagged = (paths: readonly string[]): FileSet => fileSet(Object.fromEntries(paths.map((path) => [path, "default"])));
const paths = (nodes: Iterable<{ readonly path: string }>): string[] => Array.from(nodes, ({ path }) => path);

/** All files and directories, by the definition. */
function everything(files: readonly string[]): string[] {
  const directories = files.flatMap((path) => Array.from(path.matchAll(/\//g), ({ index }) => path.slice(0, index + 1)));
  return [...new Set([...files, ...directories])].sort();
}

const withoutSlash = (path: string): string => (path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path);
const isIn = (path: string, { lower, upper }: PathRange): boolean => path >= lower && (upper === "" || path < upper);

// Some names are the beginnings of others, with characters before and behind the slash between them.
const name = fc.constantFrom("a", "b", "a-b", "a.b", "a0", "ab", "~", "c c");
const filePaths = fc
  .uniqueArray(
    fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `/${names.join("/")}`),
    { maxLength: 40 },
  )
  .map((all) => all.filter((path) => !all.some((other) => other.startsWith(`${path}/`))));
const bound = fc.oneof(
  fc.constant(""),
  fc.array(name, { maxLength: 3 }).map((names) => `/${names.join("/")}`),
  fc.constant("/a/"),
);
const range = fc.record({ lower: bound, upper: bound });

describe("a tree of files", () => {
  test("walks everything below a directory, in the order of whole paths, within any range", () => {
    const property = fc.property(filePaths, range, fc.constantFrom("/", "/a", "/a/b", "/a-b/"), (files, within, directory) => {
      const inside = withoutSlash(directory) === "/" ? "/" : `${withoutSlash(directory)}/`;
      const below = (path: string): boolean => path === withoutSlash(directory) || path.startsWith(inside);
      const expected = everything(files).filter((path) => below(path) && isIn(path, within));
      expect(paths(untagged(files).walk(directory, within))).toEqual(expected);
    });
    fc.assert(property, { numRuns: 500 });
  });

  test("lists what is directly in a directory, within any range", () => {
    const property = fc.property(filePaths, range, fc.constantFrom("/", "/a", "/a/b"), (files, within, directory) => {
      const inside = directory === "/" ? "/" : `${directory}/`;
      const isChild = (path: string): boolean =>
        path.startsWith(inside) && path !== inside && !withoutSlash(path.slice(inside.length)).includes("/");
      const wanted = files.includes(directory) ? (path: string) => path === directory : isChild;
      const expected = everything(files).filter((path) => wanted(path) && isIn(path, within));
      expect(paths(untagged(files).list(directory, within))).toEqual(expected);
    });
    fc.assert(property, { numRuns: 500 });
  });

  test("gives what a pattern matches, within any range, though it looks at less than everything", () => {
    const pieces = fc.constantFrom(
      "*",
      "**",
      "?",
      "[ab]",
      "[!b]",
      "[^/]",
      "{a,b}",
      "{a,a/b}",
      "(a)",
      "@(a|b/a)",
      "!(a)",
      "a",
      "b",
      "/",
      "/*",
      ".",
    );
    const pattern = fc.array(pieces, { maxLength: 6 }).map((parts) => `/${parts.join("")}`);
    const property = fc.property(filePaths, pattern, range, (files, text, within) => {
      const { matches } = compileGlob(text);
      const expected = everything(files).filter((path) => matches(withoutSlash(path)) && isIn(path, within));
      expect(paths(untagged(files).glob(text, within))).toEqual(expected);
    });
    fc.assert(property, { numRuns: 3000 });
  });

  test("selects what a pattern matches with all below the directories, each once", () => {
    const property = fc.property(
      filePaths,
      fc.constantFrom("/", "/*", "/a*", "/**", "/a/*", "/a"),
      range,
      (files, text, within) => {
        const { matches } = compileGlob(text);
        const nodes = everything(files).filter((path) => isIn(path, within));
        const matched = nodes.filter((path) => matches(withoutSlash(path)));
        const expected = nodes.filter((path) =>
          matched.some((other) => path === other || (other.endsWith("/") && path.startsWith(other))),
        );
        expect(paths(untagged(files).select(text, within))).toEqual(expected);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  test("finds a file or a directory by any form of its path, and nothing of an empty tree", () => {
    const files = untagged(["/a/b", "/c"]);
    for (const path of ["/a", "/a/", "a", "/./a", "/x/../a", "//a"]) expect(files.find(path)?.path).toBe("/a/");
    expect(files.find("c/")?.path).toBe("/c");
    expect(files.find("")?.path).toBe("/");
    expect(files.find("/a/bc")).toBeUndefined();
    expect(untagged([]).find("/")).toBeUndefined();
  });

  test("gives each directory the sum of its files' sizes", () => {
    const files = untagged(["/a/b", "/a/c/d", "/e"]);
    const sizes = Array.from(files.walk("/"), ({ path, bytes }) => [path, bytes]);
    expect(sizes).toEqual([
      ["/", 12],
      ["/a/", 10],
      ["/a/b", 4],
      ["/a/c/", 6],
      ["/a/c/d", 6],
      ["/e", 2],
    ]);
  });
});

describe("a tree that is no sound commit", () => {
  test.each([
    [["/s", "/s/sub"], "/s/sub"],
    [["/s", "/s-b", "/s.txt", "/s/x/y"], "/s/x/y"],
    [["/d/s", "/d/s b", "/d/s/x"], "/d/s/x"],
  ])("such as %j is refused where it is listed, and can be read elsewhere", (files, collision) => {
    const set = untagged([...files, "/ok/x"]);
    const text = `file / directory path collision (${collision})`;
    expect(() => paths(set.walk("/"))).toThrow(text);
    expect(() => paths(set.glob("**"))).toThrow(text);
    expect(() => set.find(files[0] ?? "")).toThrow(text);
    expect(paths(set.walk("/ok"))).toEqual(["/ok/", "/ok/x"]);
    expect(paths(set.files())).toHaveLength(files.length + 1);
  });

  test("with two writers of a path is refused, and each writer's files alone are sound", () => {
    const nodes = new MemoryNodeStore();
    const entry = fileEntry({ chunks: [], bytes: 0, hash: smallFileHash(new Uint8Array()) });
    const edits = [fileKey("/a", "one"), fileKey("/a", "two"), fileKey("/b/c", "two")].map((key) => ({ key, entry }));
    const root = applyEdits(nodes, EMPTY_ROOT, edits);
    const text = "duplicate path output by different datums (/a from one and /a from two)";
    expect(() => paths(new FileSet(nodes, root).walk("/"))).toThrow(text);
    expect(() => new FileSet(nodes, root).find("/a")).toThrow(text);
    expect(paths(writtenBy(nodes, root, "one").walk("/"))).toEqual(["/", "/a"]);
    expect(paths(writtenBy(nodes, root, "two").walk("/"))).toEqual(["/", "/a", "/b/", "/b/c"]);
    expect(paths(writtenBy(nodes, root, "wo").walk("/"))).toEqual([]);
  });
});
