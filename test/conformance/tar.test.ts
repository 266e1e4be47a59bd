import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Files, add } from "./files.ts";
import { Pachd, expectFault } from "./pachd.ts";

let pachd: Pachd;
let files: Files;
const long = `/${"long".repeat(20)}/${"name".repeat(20)}/file`;
const longest = `/${"very".repeat(40)}/${"long".repeat(60)}/file`;
beforeAll(async () => {
  pachd = await Pachd.connect();
  files = await Files.create(pachd);
  await files.commit([
    add("/a.txt", "one"),
    add("/d/x", "1"),
    add("/d/y/z", "22"),
    add("/empty"),
    add("/large", "x".repeat(1_000_000)),
  ]);
  await files.commit([add(long, "long"), add(longest, "longest")], "long");
});
afterAll(() => pachd.close());

const names = async (path: string, range = {}, commit?: string) =>
  (await files.untar(path, range, commit)).map(({ name }) => name);

describe("the tar file", () => {
  test("of the root begins with the root, and has everything in path order under its whole name", async () => {
    expect(await names("/")).toEqual(["/", "/a.txt", "/d/", "/d/x", "/d/y/", "/d/y/z", "/empty", "/large"]);
  });

  test("has the bytes of the files", async () => {
    const entries = await files.untar("/");
    const texts = entries.filter(({ type }) => type === "file").map(({ name, text }) => [name, text]);
    expect(Object.fromEntries(texts)).toEqual({
      "/a.txt": "one",
      "/d/x": "1",
      "/d/y/z": "22",
      "/empty": "",
      "/large": "x".repeat(1_000_000),
    });
  });

  test("has no modes and no times", async () => {
    for (const { mode, time } of await files.untar("/")) expect([mode, time]).toEqual([0, 0]);
  });

  test("of a directory has it and all below", async () => {
    expect(await names("/d")).toEqual(["/d/", "/d/x", "/d/y/", "/d/y/z"]);
  });

  test("of a file has that file", async () => {
    expect(await files.untar("/a.txt")).toMatchObject([{ name: "/a.txt", type: "file", text: "one" }]);
  });

  test("of a pattern has what it matches, and all below the directories", async () => {
    expect(await names("/{d,a.txt}")).toEqual(["/a.txt", "/d/", "/d/x", "/d/y/", "/d/y/z"]);
    expect(await names("/**z")).toEqual(["/d/y/z"]);
  });

  test("has long names whole", async () => {
    expect((await files.untar("/**file", {}, "long")).map(({ name, text }) => [name, text])).toEqual([
      [long, "long"],
      [longest, "longest"],
    ]);
  });

  test("is USTAR: blocks of 512 bytes, two empty ones at the end", async () => {
    const tar = await files.tar({ file: { commit: files.at(), path: "/d/x" } });
    expect(tar.length).toBe(4 * 512);
    expect(tar.toString("latin1", 257, 265)).toBe("ustar\x0000");
    expect(tar.subarray(2 * 512).every((byte) => byte === 0)).toBe(true);
  });

  test("has what is in a range of paths", async () => {
    expect(await names("**", { lower: "/d/", upper: "/empty" })).toEqual(["/d/", "/d/x", "/d/y/", "/d/y/z"]);
    expect(await names("/", { upper: "/d/y/" })).toEqual(["/", "/a.txt", "/d/", "/d/x"]);
  });

  test("of the root has nothing in a range that begins behind the root", () =>
    expectFault(names("/", { lower: "/d/" }), "NOT_FOUND", "file / not found"));

  test("of nothing is refused", async () => {
    await expectFault(names("/nothing"), "NOT_FOUND", `file /nothing not found in repo ${pachd.project}/${files.repo.name}`);
    await files.start("empty");
    await expectFault(names("/", {}, "empty"), "NOT_FOUND", "file / not found");
  });
});
