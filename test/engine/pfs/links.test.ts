import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { linkedRows } from "../../../src/engine/pfs/links.ts";
import { EngineState } from "../../../src/engine/state.ts";

// More than pachd's own limits of its walks: 1000 steps, 10,000 found.
const CHAIN = 1500;
const LAST = 12_000;

describe("what comes from a branch", () => {
  let home: string;
  let state: EngineState;
  const idsOf = (id: number, direction: "provenance" | "subvenance", limits?: { depth: number; count: number }): number[] =>
    linkedRows<{ id: number }>(state.db, "branches", id, direction, limits).map((row) => row.id);

  /** Each branch up to CHAIN comes from the one before, all others from the first. */
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "stemma-links-"));
    state = await EngineState.open(home);
    const numbers = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${LAST})`;
    state.db.sqlite.exec(`PRAGMA foreign_keys = OFF; BEGIN;
      ${numbers} INSERT INTO branches (id, repo, name, head, created, updated) SELECT i, 1, 'b' || i, 1, 0, 0 FROM n;
      ${numbers} INSERT INTO branch_provenance (branch, upstream) SELECT i, iif(i <= ${CHAIN}, i - 1, 1) FROM n WHERE i > 1;
      COMMIT`);
  });
  afterAll(async () => {
    state.close();
    await rm(home, { recursive: true });
  });

  test("is found whole, however far and much it is: rules depend on it", () => {
    expect(idsOf(1, "subvenance")).toHaveLength(LAST - 1);
    expect(idsOf(CHAIN, "provenance")).toEqual(Array.from({ length: CHAIN - 1 }, (_, index) => CHAIN - 1 - index));
  });

  test("comes nearest first, and as far and as much as is asked for", () => {
    expect(idsOf(1, "subvenance", { depth: 1, count: 3 })).toEqual([2, CHAIN + 1, CHAIN + 2]);
    expect(idsOf(CHAIN, "provenance", { depth: 2, count: 100 })).toEqual([CHAIN - 1, CHAIN - 2]);
  });
});
