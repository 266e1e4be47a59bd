import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fileSetAlarm, findFileSet, keepFileSet, renewFileSet } from "../../../src/engine/pfs/file-sets.ts";
import { EngineState } from "../../../src/engine/state.ts";
import { EMPTY_ROOT } from "../../../src/engine/tree/tree.ts";

describe("a file set that is kept for a minute", () => {
  let home: string;
  let state: EngineState;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "stemma-file-sets-"));
    state = await EngineState.open(home);
  });
  afterAll(async () => {
    state.close();
    await rm(home, { recursive: true });
  });

  const keep = (deleted: string[] = []): string => state.write((tx) => keepFileSet(tx, { root: EMPTY_ROOT, deleted }, 60));
  const rows = () => state.db.all("SELECT token FROM file_sets");
  const now = Date.now();

  test("is there until then, and no longer, and is dropped then", () => {
    const id = keep(["/a\0default"]);
    expect(findFileSet(state.db, id, now + 59_000)).toEqual({ root: EMPTY_ROOT, deleted: ["/a\0default"] });
    expect(() => findFileSet(state.db, id, now + 70_000)).toThrow("path does not exist");
    const alarm = fileSetAlarm(state);
    const due = alarm.due() ?? 0;
    expect(due).toBeGreaterThanOrEqual(now + 60_000);
    alarm.ring(due - 1);
    expect(rows()).toHaveLength(1);
    alarm.ring(due);
    expect(rows()).toEqual([]);
    expect(alarm.due()).toBeUndefined();
  });

  test("lives longer when it is renewed", () => {
    const id = keep();
    state.write((tx) => renewFileSet(tx, id, 1800));
    expect(findFileSet(state.db, id, now + 1_700_000)).toBeDefined();
  });

  test("is known by the first part of its id, and by nothing shorter", () => {
    const [token = ""] = keep().split(".");
    expect(findFileSet(state.db, token)).toBeDefined();
    expect(() => findFileSet(state.db, token.slice(1))).toThrow("too short to be Token len=31");
    expect(() => findFileSet(state.db, `${token}0`)).toThrow("too long to be Token len=33");
  });

  test("has an id that says whether its content is the same", () => {
    const [one, two, other] = [keep(), keep(), keep(["/a\0default"])].map((id) => id.split(".")[1]);
    expect(one).toBe(two);
    expect(one).not.toBe(other);
  });
});
