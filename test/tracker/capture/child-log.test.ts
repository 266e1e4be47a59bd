import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChildLog } from "../../../src/tracker/capture/child-log.ts";
import { Redactor } from "../../../src/tracker/capture/secrets/redact.ts";
import type { StoredFile } from "../../../src/tracker/delivery/items.ts";
import { runs } from "../../helpers/scale.ts";
import { makeFolder } from "../harness.ts";

const MEGABYTE = 1024 * 1024;

async function openLog(redact: (text: string) => string = (text) => text): Promise<ChildLog> {
  return new ChildLog(await makeFolder(), redact);
}

async function textOf(files: readonly StoredFile[]): Promise<string> {
  return (await Promise.all(files.map(({ at }) => readFile(at, "utf8")))).join("");
}

function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe("ChildLog", () => {
  test("keeps whole lines at once, and the rest at the end", async () => {
    const log = await openLog();
    log.write("stdout", Buffer.from("one\ntw"));
    log.write("stderr", Buffer.from("problem\n"));
    expect(await textOf(await log.grown())).toBe("one\nproblem\n");
    log.write("stdout", Buffer.from("o\nthree"));
    log.close();
    expect(await textOf(await log.files())).toBe("one\nproblem\ntwo\nthree");
  });

  test("names its file, with the digest of what was there when it was asked for", async () => {
    const log = await openLog();
    expect(await log.grown()).toEqual([]);
    log.write("stdout", Buffer.from("one\n"));
    const [first] = await log.grown();
    log.write("stdout", Buffer.from("two\n"));
    expect(first).toMatchObject({ path: "log/output.log", sizeBytes: 4, sha256: sha256("one\n") });
    expect(await log.grown()).toMatchObject([{ path: "log/output.log", sizeBytes: 8, sha256: sha256("one\ntwo\n") }]);
    expect(await log.grown()).toEqual([]);
    log.close();
    expect(await log.files()).toMatchObject([{ sizeBytes: 8 }]);
  });

  test("begins another part after a megabyte, and sends only what has grown", async () => {
    const log = await openLog();
    const line = `${"x".repeat(1023)}\n`;
    for (let count = 0; count < 1024; count++) log.write("stdout", Buffer.from(line));
    expect((await log.grown()).map(({ path }) => path)).toEqual(["log/output.log"]);
    for (let count = 0; count < 1025; count++) log.write("stdout", Buffer.from(line));
    expect((await log.grown()).map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual([
      ["log/output-002.log", MEGABYTE],
      ["log/output-003.log", 1024],
    ]);
    log.close();
    expect(sha256(await textOf(await log.files()))).toBe(sha256(line.repeat(2049)));
  });

  test("keeps a hundred parts, and says how much followed", async () => {
    const log = await openLog();
    const megabyte = Buffer.alloc(MEGABYTE, "x");
    megabyte[MEGABYTE - 1] = 0x0a;
    for (let count = 0; count < 101; count++) log.write("stdout", megabyte);
    log.write("stderr", Buffer.from("last\n"));
    log.close();
    const files = await log.files();
    expect(files).toHaveLength(100);
    const end = await textOf(files.slice(-1));
    expect(end.slice(MEGABYTE)).toBe(`... stemma kept no more; ${MEGABYTE + 5} bytes followed\n`);
  });

  test("of a command that prints nothing is no file", async () => {
    const log = await openLog();
    log.close();
    expect([await log.grown(), await log.files()]).toEqual([[], []]);
  });

  test("keeps nothing, and fails nobody, when its folder is gone", async () => {
    const folder = await makeFolder();
    await rm(folder, { recursive: true });
    const log = new ChildLog(folder, (text) => text);
    log.write("stdout", Buffer.from("one\n"));
    expect(await log.grown()).toEqual([]);
    log.write("stdout", Buffer.from("two\n"));
    log.close();
    expect(await log.files()).toEqual([]);
  });

  test("takes nothing more once it is closed", async () => {
    const log = await openLog();
    log.write("stdout", Buffer.from("one\n"));
    log.close();
    log.write("stdout", Buffer.from("late\n"));
    expect(await textOf(await log.files())).toBe("one\n");
  });

  test("finds a secret wherever the pieces are cut", async () => {
    const secret = "s3cret-größer-Value-99";
    const redactor = new Redactor({ env: { DB_PASSWORD: secret } });
    const text = Buffer.from(`connecting with ${secret} ok 😀\npassword=hunter2hunter2\nlast ${secret}`);
    const cuts = fc.array(fc.nat(text.length), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const log = await openLog((part) => redactor.text(part));
        let start = 0;
        for (const end of [...places, text.length].sort((a, b) => a - b)) {
          log.write("stdout", text.subarray(start, end));
          start = end;
        }
        log.close();
        expect(await textOf(await log.files())).toBe(redactor.text(text.toString()));
      }),
      runs(50),
    );
    expect(redactor.text(text.toString())).not.toMatch(/s3cret|hunter2/);
  });

  test("finds a secret that a piece cuts in two after a long line", async () => {
    const redactor = new Redactor({ env: { DB_PASSWORD: "s3cret-Value-99" } });
    const log = await openLog((part) => redactor.text(part));
    log.write("stdout", Buffer.from("x".repeat(255 * 1024)));
    log.write("stdout", Buffer.from(`${"y".repeat(2048)}\nwith s3cret-`));
    log.write("stdout", Buffer.from("Value-99 ok\n"));
    log.close();
    expect(await textOf(await log.files())).not.toMatch(/s3cret|Value-99/);
  });

  test("a line without end takes no memory without end, and is whole in the file", async () => {
    const log = await openLog();
    const text = "ü".repeat(300_000);
    const bytes = Buffer.from(text);
    for (let start = 0; start < bytes.length; start += 65_535) log.write("stdout", bytes.subarray(start, start + 65_535));
    expect((await log.grown())[0]?.sizeBytes).toBeGreaterThan(256 * 1024);
    log.close();
    expect(sha256(await textOf(await log.files()))).toBe(sha256(text));
  });
});
