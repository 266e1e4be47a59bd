import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LineageIndex } from "../../../src/lineage/store/lineage-index.ts";
import type { Statement } from "../../../src/lineage/store/lineage-index.ts";
import { thing, urnOf } from "../graphs.ts";

const REBUILD = { code: "INTEGRITY", hint: "Run: stemma index rebuild" };
const KILLED_WRITER = fileURLToPath(new URL("killed-writer.ts", import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stemma-index-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("an index file", () => {
  test("is made with its folder, and keeps what is written", () => {
    const file = join(folder, "new", "index.db");
    fill(file, "a");
    using again = new LineageIndex(file);
    expect(again.record(urnOf("a"))?.rank).toBe("source");
  });

  test("that is no database says what to do", () => {
    const file = join(folder, "text.db");
    writeFileSync(file, "This is no database. ".repeat(100));
    expect(() => new LineageIndex(file)).toThrow(expect.objectContaining(REBUILD));
  });

  test("that is another program's database is left alone", () => {
    const file = join(folder, "other.db");
    using other = new DatabaseSync(file);
    other.exec("CREATE TABLE t(x); PRAGMA user_version = 2");
    expect(() => new LineageIndex(file)).toThrow(
      expect.objectContaining({
        ...REBUILD,
        message: `${file} is not a lineage index.`,
        hint: "Name another file with --index.",
      }),
    );
    expect(other.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.["n"]).toBe(1);
  });

  test("of another format says what to do", () => {
    const file = join(folder, "future.db");
    fill(file, "a");
    {
      using other = new DatabaseSync(file);
      other.exec("PRAGMA user_version = 99");
    }
    expect(() => new LineageIndex(file)).toThrow(
      expect.objectContaining({ ...REBUILD, message: expect.stringContaining("has format 99") }),
    );
  });

  test("that is damaged inside says what to do when that is come upon", () => {
    const file = join(folder, "damaged.db");
    fill(file, ...Array.from({ length: 2_000 }, (_, at) => `thing ${at}`));
    // All pages but the first.
    const handle = openSync(file, "r+");
    writeSync(handle, Buffer.alloc(100_000, 0xff), 0, 100_000, 4096);
    closeSync(handle);
    const read = (): unknown => {
      using index = new LineageIndex(file);
      return index.record(urnOf("thing 7"));
    };
    expect(read).toThrow(expect.objectContaining(REBUILD));
  });
});

describe("two at once", () => {
  test("a reader sees the state that it began with while another writes", () => {
    const file = join(folder, "two.db");
    fill(file, "a");
    using reader = new LineageIndex(file);
    reader.read(() => {
      expect(reader.record(urnOf("b"))).toBeUndefined();
      fill(file, "b");
      expect(reader.record(urnOf("b"))).toBeUndefined();
    });
    expect(reader.record(urnOf("b"))?.rank).toBe("source");
  });

  test("a writer that is killed leaves the state before, and no lock", async () => {
    const file = join(folder, "killed.db");
    fill(file, "before");
    const child = spawn(process.execPath, [KILLED_WRITER, file], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    using index = new LineageIndex(file);
    expect([...index.records()].map(({ node }) => node)).toEqual([thing("before")]);
    expect(index.get("PRAGMA integrity_check")).toEqual({ integrity_check: "ok" });
    fill(file, "after");
    expect([...index.records()]).toHaveLength(2);
  });
});

function fill(file: string, ...names: readonly string[]): void {
  using index = new LineageIndex(file);
  index.write((writer) => {
    for (const name of names) writer.say({ node: thing(name), rank: "source", edges: [] } satisfies Statement);
  });
}
