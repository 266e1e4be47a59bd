import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DiffFileRequest } from "../../src/pachyderm/generated/pfs_v2/DiffFileRequest.ts";
import { Files, add, remove } from "./files.ts";
import { Pachd, pfs } from "./pachd.ts";

let pachd: Pachd;
let files: Files;
let first: string;
let second: string;
beforeAll(async () => {
  pachd = await Pachd.connect();
  files = await Files.create(pachd);
  const same = [add("/same/x", "1"), add("/d/kept", "1")];
  first = (await files.commit([...same, add("/gone", "old"), add("/d/changed", "1"), add("/e/1", "1")])).commit?.id ?? "";
  second = (await files.commit([remove("/gone"), add("/d/changed", "2"), add("/new", "n")])).commit?.id ?? "";
});
afterAll(() => pachd.close());

const at = (commit: string, path = "/") => ({ commit: files.at(commit), path });

/** The paths on both sides, and the sizes. */
async function diff(request: DiffFileRequest): Promise<(string | undefined)[][]> {
  const differences = await pachd.collect(pfs.DiffFile, request);
  return differences.map(({ old_file, new_file }) => [old_file?.file?.path, new_file?.file?.path]);
}

const changes = [
  ["/", "/"],
  ["/d/", "/d/"],
  ["/d/changed", "/d/changed"],
  ["/gone", undefined],
  [undefined, "/new"],
];

describe("a difference", () => {
  test("without an old file is that to the parent commit: what was added, deleted and changed, and the directories above", async () => {
    expect(await diff({ new_file: at(second) })).toEqual(changes);
    expect(await diff({ new_file: at("master") })).toEqual(changes);
  });

  test("is the same to a commit that is named", async () => {
    expect(await diff({ new_file: at(second), old_file: at(first) })).toEqual(changes);
  });

  test("has the infos of both sides", async () => {
    const [root] = await pachd.collect(pfs.DiffFile, { new_file: at(second) });
    expect(root).toEqual({ new_file: await files.inspect("/", second), old_file: await files.inspect("/", first) });
  });

  test("of the first commit to nothing is all that is in it", async () => {
    const all = await diff({ new_file: at(first) });
    expect(all.every(([before]) => before === undefined)).toBe(true);
    expect(all.map(([, after]) => after)).toEqual([
      "/",
      "/d/",
      "/d/changed",
      "/d/kept",
      "/e/",
      "/e/1",
      "/gone",
      "/same/",
      "/same/x",
    ]);
  });

  test("of a commit to itself is nothing", async () => {
    expect(await diff({ new_file: at(second), old_file: at(second) })).toEqual([]);
  });

  test("of a directory leaves out what is not in it", async () => {
    expect(await diff({ new_file: at(second, "/d") })).toEqual([
      ["/d/", "/d/"],
      ["/d/changed", "/d/changed"],
    ]);
    expect(await diff({ new_file: at(second, "/same") })).toEqual([]);
  });

  test("of a file is that file", async () => {
    expect(await diff({ new_file: at(second, "/d/changed") })).toEqual([["/d/changed", "/d/changed"]]);
    expect(await diff({ new_file: at(second, "/gone") })).toEqual([["/gone", undefined]]);
  });

  test("of a path that is nowhere is nothing", async () => {
    expect(await diff({ new_file: at(second, "/nothing") })).toEqual([]);
  });

  test("of two different paths is everything on both sides", async () => {
    expect(await diff({ new_file: at(second, "/e"), old_file: at(first, "/same") })).toEqual([
      [undefined, "/e/"],
      [undefined, "/e/1"],
      ["/same/", undefined],
      ["/same/x", undefined],
    ]);
  });

  test("is as deep when it is asked for a shallow one", async () => {
    expect(await diff({ new_file: at(second), shallow: true })).toEqual(changes);
  });

  test("of an open commit has what was written so far", async () => {
    await files.start();
    await files.send([add("/d/open")]);
    expect(await diff({ new_file: at("master", "/d") })).toEqual([
      ["/d/", "/d/"],
      [undefined, "/d/open"],
    ]);
    await files.finish();
  });
});
