import { createHash } from "node:crypto";
import { mkdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import type { Item } from "../../../src/tracker/delivery/items.ts";
import { ArtifactScan } from "../../../src/tracker/report/artifact-scan.ts";
import { Complaints } from "../../../src/tracker/report/complaints.ts";
import { makeFolder } from "../harness.ts";

let folder = "";
let said: string[] = [];
let scan: ArtifactScan;
let seconds = 0;

beforeEach(async () => {
  folder = await makeFolder();
  said = [];
  scan = new ArtifactScan(folder, new Complaints((line) => said.push(line)));
});

/** Writes a file of another time than all before. */
async function write(path: string, text: string): Promise<void> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  seconds++;
  await utimes(file, seconds, seconds);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Path and digest of the artifacts among items, and the names of models. */
function found(items: readonly Item[]): string[] {
  return items.map((item) => {
    if (item.kind === "artifact") return `${item.file.path} ${item.file.sha256.slice(0, 8)}`;
    return item.kind === "model" ? `model ${item.name}` : item.kind;
  });
}

function artifact(path: string, text: string): string {
  return `${path} ${sha256(text).slice(0, 8)}`;
}

/** What is left at the end, with what is to be sent then. */
async function rest() {
  const items: Item[] = [];
  const { artifacts, models } = await scan.rest((item) => items.push(item));
  return { items, artifacts, models };
}

describe("while the command runs", () => {
  test("a file counts when it has stayed the same from one look to the next, and counts once", async () => {
    await write("a.txt", "one");
    expect(await scan.settled()).toEqual([]);
    await write("b/c.txt", "two");
    expect(found(await scan.settled())).toEqual([artifact("a.txt", "one")]);
    expect(found(await scan.settled())).toEqual([artifact("b/c.txt", "two")]);
    expect(await scan.settled()).toEqual([]);
  });

  test("a file that has changed counts again, when it has come to rest", async () => {
    await write("a.txt", "one");
    await scan.settled();
    await scan.settled();
    await write("a.txt", "two");
    expect(await scan.settled()).toEqual([]);
    await write("a.txt", "three");
    expect(await scan.settled()).toEqual([]);
    expect(found(await scan.settled())).toEqual([artifact("a.txt", "three")]);
  });

  test("a file that was written again as it was is not sent again", async () => {
    await write("a.txt", "one");
    await scan.settled();
    await scan.settled();
    await write("a.txt", "one");
    await scan.settled();
    expect(await scan.settled()).toEqual([]);
    expect(found((await rest()).items)).toEqual([]);
  });

  test("files with names of unfinished ones, and all of a model, wait for the end", async () => {
    const names = ["a.tmp", "b.part", "c.crc", ".hidden", "out/_temporary/0/part-0", "lock.lock"];
    for (const name of names) await write(name, "x");
    await write("model/MLmodel", "m");
    await write("model/data/part-0", "x");
    await scan.settled();
    expect(await scan.settled()).toEqual([]);
    const { items } = await rest();
    expect(found(items).sort()).toEqual([...names.map((name) => artifact(name, "x")), "model model"].sort());
  });

  test("what is wrong is not told each time, but at the end", async () => {
    await write("bad#name", "x");
    await scan.settled();
    await scan.settled();
    expect(said).toEqual([]);
    await rest();
    expect(said).toEqual([`artifacts: "bad#name" cannot be kept, it holds a "#"; left out`]);
  });
});

describe("at the end", () => {
  test("a large file is sent before its digest is known, which is told then", async () => {
    const text = "x".repeat(32 * 1024 * 1024);
    await write("large.bin", text);
    const { items, artifacts } = await rest();
    expect(items).toMatchObject([{ kind: "artifact", file: { path: "large.bin", sizeBytes: text.length, sha256: "" } }]);
    expect(artifacts).toMatchObject([{ path: "large.bin", sha256: sha256(text) }]);
  });

  test("all is there that was sent before or is sent now", async () => {
    await write("a.txt", "one");
    await scan.settled();
    await scan.settled();
    await write("b.txt", "two");
    const { items, artifacts, models } = await rest();
    expect(found(items)).toEqual([artifact("b.txt", "two")]);
    expect(artifacts.map(({ path, sizeBytes, sha256 }) => ({ path, sizeBytes, sha256 }))).toEqual([
      { path: "a.txt", sizeBytes: 3, sha256: sha256("one") },
      { path: "b.txt", sizeBytes: 3, sha256: sha256("two") },
    ]);
    expect(models).toEqual([]);
  });

  test("a folder with an MLmodel file is a model, one within another is a part of it", async () => {
    await write("a:b/c/MLmodel", "outer");
    await write("a:b/c/inner/MLmodel", "inner");
    await write("a:b/other.txt", "x");
    const { items, models, artifacts } = await rest();
    expect(found(items)).toEqual([artifact("a:b/other.txt", "x"), "model a-b-c"]);
    expect(artifacts.map(({ path }) => path)).toEqual(["a:b/other.txt"]);
    const list = `${sha256("outer")}  MLmodel\n${sha256("inner")}  inner/MLmodel\n`;
    expect(models).toMatchObject([
      { name: "a-b-c", digest: sha256(list), files: [{ path: "MLmodel" }, { path: "inner/MLmodel" }] },
    ]);
  });

  test("the whole folder may be a model", async () => {
    await write("MLmodel", "m");
    await write("data/part-0", "x");
    expect(await rest()).toMatchObject({ models: [{ name: "model" }], artifacts: [] });
  });

  test("a file that vanished is not there any more", async () => {
    await write("a.txt", "one");
    await scan.settled();
    await rm(join(folder, "a.txt"));
    expect(await rest()).toEqual({ items: [], artifacts: [], models: [] });
  });

  test("links out of the folder are refused, those within are followed", async () => {
    const secret = join(await makeFolder(), "secret");
    await writeFile(secret, "secret");
    await write("data/real.txt", "one");
    await symlink("real.txt", join(folder, "data/inside.txt"));
    await symlink(secret, join(folder, "absolute"));
    await symlink(`../${secret}`, join(folder, "data/dotted"));
    await symlink("nowhere", join(folder, "dangling"));
    await symlink("loop", join(folder, "loop"));
    const { items } = await rest();
    expect(found(items)).toEqual([artifact("data/inside.txt", "one"), artifact("data/real.txt", "one")]);
    expect(said.sort()).toEqual([
      `artifacts: "absolute" cannot be kept, it is a symbolic link out of the folder; left out`,
      `artifacts: "dangling" cannot be kept, it is a symbolic link to nowhere; left out`,
      expect.stringMatching(
        /^artifacts: "data\/dotted" cannot be kept, it is a symbolic link (to nowhere|out of the folder); left out$/,
      ),
      expect.stringMatching(/^artifacts: "loop" cannot be kept, .*; left out$/),
    ]);
  });
});
