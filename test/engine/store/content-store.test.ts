import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CHUNK_BYTES, ContentStore } from "../../../src/engine/store/content-store.ts";
import type { StoredContent } from "../../../src/engine/store/content-store.ts";
import { smallFileHash } from "../../../src/engine/store/file-hash.ts";
import type { Hold } from "../../../src/engine/store/hold.ts";

let folder: string;
let database: DatabaseSync;
let store: ContentStore;
let hold: Hold;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stemma-content-"));
  database = new DatabaseSync(join(folder, "engine.db"));
  database.exec("PRAGMA journal_mode = WAL");
  store = new ContentStore(database, join(folder, "objects"));
  hold = store.hold();
});

afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

function write(content: AsyncIterable<Uint8Array>): Promise<StoredContent> {
  return store.write(content, hold);
}

/** Content of which no two parts are alike. */
function bytesOf(length: number, seed = 1): Buffer {
  const key = createHash("sha256").update(String(seed)).digest();
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 4)
    bytes.writeUInt32LE((key.readUInt32LE(at % 32) ^ (at * 2654435761)) >>> 0, Math.min(at, length - 4));
  return bytes;
}

async function* inPieces(content: Uint8Array, pieceBytes = 1_000_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += pieceBytes) yield content.subarray(at, at + pieceBytes);
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) {
    expect(piece.length).toBeLessThanOrEqual(2 * 1024 * 1024);
    all.push(piece);
  }
  return Buffer.concat(all);
}

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function rows(): number {
  return Number(database.prepare("SELECT count(*) AS count FROM objects").get()?.["count"]);
}

function objectFile({ chunks: [chunk] }: StoredContent): string {
  const id = chunk?.id ?? "";
  return join(folder, "objects", id.slice(0, 2), id);
}

function objectFiles(): string[] {
  return readdirSync(join(folder, "objects"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

const EDGES = [0, 1, 65_536, 65_537, 999_999, 1_000_000, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES + 70_000];

describe("content", () => {
  test.each(EDGES)("of %i bytes is read as it was written", async (length) => {
    const content = bytesOf(Math.max(length, 4)).subarray(0, length);
    const stored = await write(inPieces(content));
    expect((await collect(store.read(stored))).equals(content)).toBe(true);
    expect(stored.bytes).toBe(length);
    expect(stored.chunks.map(({ bytes }) => bytes).reduce((sum, bytes) => sum + bytes, 0)).toBe(length);
    expect(stored.chunks.map(({ id }) => id)).toEqual(
      stored.chunks.map((_, index) => sha256(content.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES))),
    );
    expect(stored.hash === smallFileHash(content)).toBe(length < 1_000_000);
  });

  test("is the same whatever the pieces that it arrives in, and whatever was appended when", async () => {
    const content = bytesOf(2 * CHUNK_BYTES + 5);
    const whole = await write(inPieces(content, content.length));
    const anyCuts = fc.uniqueArray(fc.oneof(fc.nat(content.length), fc.constantFrom(...EDGES)), { maxLength: 4 });
    const property = fc.asyncProperty(anyCuts, fc.integer({ min: 300_000, max: 9_000_000 }), async (cuts, pieceBytes) => {
      const bounds = [0, ...cuts.toSorted((one, other) => one - other), content.length];
      let stored = await write(inPieces(new Uint8Array()));
      for (const [index, start] of bounds.slice(0, -1).entries()) {
        stored = await store.append(stored, inPieces(content.subarray(start, bounds[index + 1]), pieceBytes), hold);
      }
      expect(stored).toEqual(whole);
    });
    await fc.assert(property, { numRuns: 25 });
  });

  test("is read from any place on", async () => {
    const content = bytesOf(CHUNK_BYTES + 50_000);
    const stored = await write(inPieces(content));
    const anyRange = fc.record({
      offset: fc.nat(content.length + 10),
      length: fc.option(fc.nat(content.length), { nil: undefined }),
    });
    const property = fc.asyncProperty(anyRange, async ({ offset, length }) => {
      const expected = content.subarray(offset, length === undefined ? undefined : offset + length);
      expect((await collect(store.read(stored, offset, length))).equals(expected)).toBe(true);
    });
    await fc.assert(property, { numRuns: 40 });
  });

  test("has another hash when a byte of a large file differs", async () => {
    const content = bytesOf(CHUNK_BYTES + 10);
    const stored = await write(inPieces(content));
    content[5] = (content[5] ?? 0) ^ 1;
    expect((await write(inPieces(content))).hash).not.toBe(stored.hash);
  });

  test("that is written twice, also at the same time, is kept once", async () => {
    const content = bytesOf(200_000);
    const [one, other] = await Promise.all([write(inPieces(content)), write(inPieces(content))]);
    const { ino } = statSync(objectFile(one));
    await write(inPieces(content));
    expect(other).toEqual(one);
    expect(objectFiles()).toEqual([one.chunks[0]?.id]);
    expect(statSync(objectFile(one)).ino).toBe(ino);
  });

  test("whose source fails is not stored, and the store goes on", async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield bytesOf(100_000);
      throw new Error("the client went away");
    }
    await expect(write(failing())).rejects.toThrow("the client went away");
    expect(objectFiles()).toEqual([]);
    const stored = await write(inPieces(bytesOf(100_000)));
    expect((await collect(store.read(stored))).length).toBe(100_000);
  });
});

describe("small content", () => {
  const content = Buffer.from("hello\n");

  test("is readable before the flush, and in the table after it", async () => {
    const stored = await write(inPieces(content));
    expect(rows()).toBe(0);
    expect((await collect(store.read(stored))).toString()).toBe("hello\n");
    store.flush();
    expect(rows()).toBe(1);
    expect((await collect(new ContentStore(database, join(folder, "objects")).read(stored))).toString()).toBe("hello\n");
  });

  test("of 10,000 files is committed in few transactions", async () => {
    let commits = 0;
    const exec = database.exec.bind(database);
    database.exec = (sql) => {
      if (sql === "COMMIT") commits += 1;
      exec(sql);
    };
    for (let number = 0; number < 10_000; number += 1) await write(inPieces(Buffer.alloc(1024, `file ${number};`)));
    store.flush();
    expect(rows()).toBe(10_000);
    expect(commits).toBe(2);
  });

  test("joins a transaction that is open", async () => {
    await write(inPieces(content));
    database.exec("BEGIN IMMEDIATE");
    store.flush();
    expect(database.isTransaction).toBe(true);
    expect(rows()).toBe(1);
    database.exec("COMMIT");
    store.flush();
    expect(rows()).toBe(1);
  });

  test("survives when the transaction that it joined is rolled back", async () => {
    const stored = await write(inPieces(content));
    database.exec("BEGIN IMMEDIATE");
    store.flush();
    await write(inPieces(content));
    database.exec("ROLLBACK");
    expect((await collect(store.read(stored))).toString()).toBe("hello\n");
    database.exec("BEGIN IMMEDIATE");
    store.flush();
    database.exec("COMMIT");
    expect(rows()).toBe(1);
    expect((await collect(store.read(stored))).toString()).toBe("hello\n");
  });
});

/** The error that reading ends with, if it does. */
async function reading(stored: StoredContent): Promise<unknown> {
  return collect(store.read(stored)).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("a damaged object", () => {
  test("that is a file is named when it is missing or cut, and made whole by writing it again", async () => {
    const content = bytesOf(300_000);
    const stored = await write(inPieces(content));
    const id = stored.chunks[0]?.id ?? "";
    truncateSync(objectFile(stored), 1000);
    expect(await reading(stored)).toMatchObject({ code: "INTEGRITY", message: `object ${id} has 1000 bytes instead of 300000` });
    unlinkSync(objectFile(stored));
    expect(await reading(stored)).toMatchObject({ code: "INTEGRITY", message: `object ${id} is missing` });
    await write(inPieces(content));
    expect(await reading(stored)).toBeUndefined();
  });

  test("that is a row is named when it is missing or cut, and made whole by writing it again", async () => {
    const stored = await write(inPieces(Buffer.from("hello\n")));
    const id = stored.chunks[0]?.id ?? "";
    store.flush();
    database.exec("UPDATE objects SET data = x'00'");
    expect(await reading(stored)).toMatchObject({ code: "INTEGRITY", message: `object ${id} has 1 bytes instead of 6` });
    await write(inPieces(Buffer.from("hello\n")));
    store.flush();
    expect(await reading(stored)).toBeUndefined();
    database.exec("DELETE FROM objects");
    expect(await reading(stored)).toMatchObject({ code: "INTEGRITY", message: `object ${id} is missing` });
  });

  test("that has the right length and other bytes is noticed if it is small, and made whole by writing it again", async () => {
    const stored = await write(inPieces(Buffer.from("hello\n")));
    store.flush();
    database.exec("UPDATE objects SET data = CAST('hallo' || char(10) AS BLOB)");
    const message = `object ${stored.chunks[0]?.id} is damaged: its content has another digest`;
    expect(await reading(stored)).toMatchObject({ code: "INTEGRITY", message });
    await write(inPieces(Buffer.from("hello\n")));
    expect(await reading(stored)).toBeUndefined();
  });

  test("that is large and has other bytes is made whole by writing it again", async () => {
    const content = bytesOf(300_000);
    const stored = await write(inPieces(content));
    writeFileSync(objectFile(stored), bytesOf(300_000, 2));
    await write(inPieces(content));
    expect((await collect(store.read(stored))).equals(content)).toBe(true);
  });

  test("that was cut short by a kill is written anew", async () => {
    const content = bytesOf(300_000);
    const stored = await write(inPieces(content));
    unlinkSync(objectFile(stored));
    writeFileSync(`${objectFile(stored)}.part`, "half", { mode: 0o444 });
    const reopened = new ContentStore(database, join(folder, "objects"));
    await reopened.write(inPieces(content), hold);
    expect((await collect(reopened.read(stored))).equals(content)).toBe(true);
    expect(objectFiles()).toEqual([stored.chunks[0]?.id]);
  });

  test("that cannot be written is one clear error", async () => {
    const content = bytesOf(300_000);
    rmSync(join(folder, "objects"), { recursive: true });
    writeFileSync(join(folder, "objects"), "not a folder");
    await expect(write(inPieces(content))).rejects.toThrow(expect.objectContaining({ code: "FAILED" }));
  });
});
