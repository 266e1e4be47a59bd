import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeFolder } from "../../../src/engine/store/durable-files.ts";

describe("a folder", () => {
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "stemma-folder-"));
  });
  afterAll(async () => rm(home, { recursive: true }));

  test("is made with those above it, by an absolute or a relative path, also by many at once", async () => {
    for (const path of [join(home, "a", "b", "c"), relative(".", join(home, "r", "s")), join(home, "a")]) {
      await Promise.all(Array.from({ length: 5 }, () => makeFolder(path)));
      expect((await stat(path)).isDirectory()).toBe(true);
    }
  });

  test.each([
    ["/proc/x/y", "/proc/x"],
    ["/dev/null/x", "/dev/null/x"],
  ])("that the system refuses (%s) is a user's error", async (path, refused) => {
    const message = expect.stringContaining(`cannot make the folder ${refused}: `);
    await expect(makeFolder(path)).rejects.toMatchObject({ code: "USAGE", message });
  });
});
