import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FileInfo } from "../../src/pachyderm/types.ts";
import { lastingContent } from "../../src/reproduce/by-nature.ts";
import { compareCards, isNear } from "../../src/reproduce/compare-cards.ts";
import { compareFiles } from "../../src/reproduce/compare-files.ts";
import { otherCode } from "../../src/reproduce/code.ts";
import { verdictOf } from "../../src/reproduce/compare-jobs.ts";
import type { DatumOutput } from "../../src/reproduce/output.ts";
import type { RunCard } from "../../src/tracker/card/run-card.ts";
import { runs } from "../helpers/scale.ts";

const COMMIT = { repo: { project: "default", name: "train", type: "user" }, id: "c".repeat(32) } as const;
const [ID_A, ID_B] = ["11111111-2222-3333-4444-555555555555", "99999999-8888-7777-6666-555555555555"];
const NO_FILES = { same: 0, sameByNature: 0, checksums: 0, different: [] };
const NO_CARDS = { metrics: 0, different: [] };

/** Files by their content, which is their hash as well. */
function files(contents: Readonly<Record<string, string>>): FileInfo[] {
  return Object.entries(contents).map(([path, hash]) => ({
    commit: COMMIT,
    path,
    type: "FILE",
    sizeBytes: hash.length,
    hash,
    datum: "d",
  }));
}

const compare = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>) =>
  compareFiles(files(a), files(b), async (_side, { hash }) => hash.replace(/\d+/, ""));

function card(params: Record<string, string>, metrics: Record<string, number>): RunCard {
  return { params, metrics } as unknown as RunCard;
}

/** What lasts of Spark's metadata. */
function text(content: string): string {
  return lastingContent("/model/metadata/part-00000", Buffer.from(content));
}

/** What lasts of a Parquet file. */
function lasting(bytes: Buffer): string {
  return lastingContent("/part.parquet", bytes);
}

function parquet(pages: string, footer: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([Buffer.from(pages), Buffer.from(footer), length, Buffer.from("PAR1")]);
}

describe("the files of a datum that ran twice", () => {
  test("are the same where path and bytes are", async () => {
    expect(await compare({ "/a": "1", "/b": "2" }, { "/b": "2", "/a": "1" })).toEqual({ ...NO_FILES, same: 2 });
  });

  test("are the same by nature where only Spark's names are new, in whatever order its parts lie", async () => {
    const before = {
      [`/m/part-00000-${ID_A}.parquet`]: "x",
      [`/m/part-00001-${ID_A}.parquet`]: "y",
      [`/m/.part-00000-${ID_A}.parquet.crc`]: "1",
    };
    const after = {
      [`/m/part-00001-${ID_B}.parquet`]: "x",
      [`/m/part-00000-${ID_B}.parquet`]: "y",
      [`/m/.part-00000-${ID_B}.parquet.crc`]: "2",
    };
    expect(await compare(before, after)).toEqual({ ...NO_FILES, sameByNature: 2, checksums: 1 });
    const ids = [
      { "/m/stages/0_Tree_0123456789ab/metadata/part-00000": "time 1" },
      { "/m/stages/0_Tree_ba9876543210/metadata/part-00000": "time 2" },
    ] as const;
    expect(await compare(...ids)).toEqual({ ...NO_FILES, sameByNature: 1 });
  });

  test("differ by each file with other bytes, that is new, or that is gone; by path", async () => {
    const { different } = await compare({ "/b": "1", "/gone": "2", "/same": "3" }, { "/a": "0", "/b": "2", "/same": "3" });
    expect(different).toMatchObject([
      { path: "/a", expected: "no such file" },
      { path: "/b", expected: "1 bytes, hash 1", found: "1 bytes, hash 2" },
      { path: "/gone", found: "no such file" },
    ]);
  });

  test("are all accounted for, whatever they are", async () => {
    const any = fc.dictionary(
      fc.constantFrom("/a", "/b", "/.c.crc", `/part-00000-${ID_A}`, `/part-00001-${ID_B}`),
      fc.constantFrom("1", "2"),
    );
    await fc.assert(
      fc.asyncProperty(any, any, async (a, b) => {
        const { same, sameByNature, checksums, different } = await compare(a, b);
        const lost = different.filter(({ expected }) => expected !== "no such file").length;
        expect(same + sameByNature + checksums + lost).toBe(Object.keys(a).length);
        const back = await compare(b, a);
        expect([back.same, back.sameByNature, back.different.length]).toEqual([same, sameByNature, different.length]);
      }),
      runs(100),
    );
  });
});

describe("what lasts of a file of Spark's", () => {
  test("is its text without times and ids, in whatever order the fields are", () => {
    const before = '{"class":"Tree","timestamp":1763,"uid":"Tree_0123456789ab","paramMap":{"seed":5,"maxDepth":4}}\n';
    const after = '{"class":"Tree","uid":"Tree_ba9876543210","timestamp":1764,"paramMap":{"maxDepth":4,"seed":5}}\n';
    expect(text(after)).toBe(text(before));
    expect(text(after.replace(`"seed":5`, `"seed":6`))).not.toBe(text(before));
    expect(text('{"seed":-1441058006940296601}')).not.toBe(text('{"seed":-1441058006940296602}'));
    expect(text("no JSON")).toBe("no JSON");
  });
});

describe("what lasts of a Parquet file", () => {
  test("is its pages, and its footer in whatever order", () => {
    expect(lasting(parquet("PAR1abc", "xy"))).toBe(lasting(parquet("PAR1abc", "yx")));
    expect(lasting(parquet("PAR1abc", "xy"))).not.toBe(lasting(parquet("PAR1acb", "xy")));
    expect(lasting(parquet("PAR1abc", "xy"))).not.toBe(lasting(parquet("PAR1abc", "xz")));
  });

  test("is all of it where it is damaged", () => {
    expect(lasting(Buffer.from("xy"))).not.toBe(lasting(Buffer.from("yx")));
    expect(lasting(Buffer.from("aab\uffffPAR1"))).not.toBe(lasting(Buffer.from("aba\uffffPAR1")));
  });
});

describe("the tracked commands of a datum that ran twice", () => {
  test("differ by params, by metrics beyond the tolerance, and by their number", () => {
    const expected = [card({ depth: "5" }, { auc: 0.9, "system/cpu": 3, "spark.tasks": 4 })];
    expect(compareCards(expected, [card({ depth: "5" }, { auc: 0.9 + 1e-12, "system/cpu": 9 })], 1e-9)).toEqual({
      metrics: 1,
      different: [],
    });
    expect(compareCards(expected, [card({ depth: "6" }, {})], 1e-9).different).toEqual([
      { kind: "param", what: "depth", expected: "5", found: "6" },
      { kind: "metric", what: "auc", expected: "0.9", found: "none" },
    ]);
    expect(compareCards(expected, [], 1e-9).different).toMatchObject([{ kind: "runs", expected: "1", found: "0" }]);
  });

  test("take numbers as near that are, relative to the larger and one, the same in both directions", () => {
    expect(isNear(NaN, NaN, 0)).toBe(true);
    expect(isNear(NaN, 1, 1)).toBe(false);
    expect(isNear(Infinity, Infinity, 0)).toBe(true);
    expect(isNear(1e12, 1e12 + 1, 1e-9)).toBe(true);
    expect(isNear(0, 1e-8, 1e-9)).toBe(false);
    fc.assert(
      fc.property(fc.double(), fc.double(), fc.double({ min: 0, max: 1, noNaN: true }), (a, b, tolerance) => {
        expect(isNear(a, b, tolerance)).toBe(isNear(b, a, tolerance));
      }),
      runs(100),
    );
  });
});

describe("the verdict on a datum", () => {
  const different = [{ path: "/a", expected: "1", found: "2" }];
  const metric = [{ kind: "metric" as const, what: "auc", expected: "1", found: "2" }];

  test("goes by the files, and by metrics where files do not tell", () => {
    expect(verdictOf({ ...NO_FILES, same: 1 }, { metrics: 1, different: [] })).toBe("bytes-equal");
    expect(verdictOf(NO_FILES, NO_CARDS)).toBe("bytes-equal");
    expect(verdictOf({ ...NO_FILES, same: 1, sameByNature: 1 }, NO_CARDS)).toBe("content-equal");
    expect(verdictOf(NO_FILES, { metrics: 1, different: [] })).toBe("metrics-equal");
    expect(verdictOf({ ...NO_FILES, different }, { metrics: 1, different: [] })).toBe("metrics-equal");
    expect(verdictOf({ ...NO_FILES, different }, NO_CARDS)).toBe("differs");
    expect(verdictOf({ ...NO_FILES, same: 1 }, { metrics: 1, different: metric })).toBe("differs");
  });
});

/** A datum whose tracked command ran a script of this digest. */
function ran(sha256: string): DatumOutput[] {
  const cards = [{ code: { script: { path: "train.py", sha256 } } } as unknown as RunCard, { code: {} } as unknown as RunCard];
  return [{ id: "d", inputs: [], commit: COMMIT, files: [], cards }];
}

test("that the code was another is told by the tracked commands themselves", () => {
  expect(otherCode(ran("aa"), ran("aa"))).toEqual([]);
  expect(otherCode(ran("aa"), ran("bb"))).toEqual(["The script train.py that ran again is not the one of the run."]);
});
