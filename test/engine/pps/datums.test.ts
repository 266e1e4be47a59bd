import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { combine, fillIn } from "../../../src/engine/pps/combine.ts";
import { datumId, loadHasher } from "../../../src/engine/store/file-hash.ts";
import type { CompositeInput, PfsInput, SpecInput } from "../../../src/engine/pps/pipeline-spec.ts";
import { toSpecInput } from "../../../src/engine/pps/spec-input.ts";
import { runs } from "../../helpers/scale.ts";

/** A file of an input; no two are the same. */
interface TestFile {
  readonly name: string;
  readonly joinOn: string;
  readonly groupBy: string;
  readonly outerJoin: boolean;
}

interface TestLeaf {
  readonly name: string;
  readonly files: readonly TestFile[];
}

const key = fc.constantFrom("k", "l", "m");

/** An input's files, of which all are outer or none, as the spec says it of the input. */
function anyLeaf(name: string, most = 4): fc.Arbitrary<TestLeaf> {
  const files = fc.array(fc.tuple(key, key), { maxLength: most });
  return fc.tuple(files, fc.boolean()).map(([keys, outerJoin]) => ({
    name,
    files: keys.map(([joinOn, groupBy], index) => ({ name: `${name}${index}`, joinOn, groupBy, outerJoin })),
  }));
}

const leaves = fc.tuple(anyLeaf("a"), anyLeaf("b"), anyLeaf("c"));

function pfs({ name }: TestLeaf): PfsInput {
  const input = toSpecInput({ pfs: { name, repo: name, glob: "/*" } }, { project: "p", name: "x" });
  if (input?.kind !== "pfs") return expect.fail("not a pfs input");
  return input;
}

function composite(kind: CompositeInput["kind"], ...inputs: readonly (TestLeaf | SpecInput)[]): CompositeInput {
  return { kind, inputs: inputs.map((input) => ("files" in input ? pfs(input) : input)) };
}

/** The names of the files of each datum. */
function datums(input: SpecInput, all: readonly TestLeaf[], most?: number): string[][] {
  const filesOf = ({ name }: PfsInput): readonly TestFile[] => all.find((leaf) => leaf.name === name)?.files ?? [];
  return combine(input, filesOf, most).map((files) => files.map(({ name }) => name));
}

const names = (files: readonly TestFile[]): string[] => files.map(({ name }) => name);

/** One of each list, in every way. */
function choices(lists: readonly (readonly TestFile[])[]): string[][] {
  return lists.reduce<string[][]>((rows, files) => rows.flatMap((row) => names(files).map((name) => row.concat(name))), [[]]);
}

const asSet = (lists: readonly string[][]): Set<string> => new Set(lists.map((list) => list.join()));

describe("the datums of an input", () => {
  test("a cross has each choice of one file of each input", () => {
    fc.assert(
      fc.property(leaves, ([a, b, c]) => {
        const expected = a.files.flatMap((x) => b.files.flatMap((y) => c.files.map((z) => [x.name, y.name, z.name])));
        expect(datums(composite("cross", a, b, c), [a, b, c])).toEqual(expected);
      }),
      runs(100),
    );
  });

  test("a union has the datums of one input after the other", () => {
    fc.assert(
      fc.property(leaves, ([a, b, c]) => {
        const expected = [a, b, c].flatMap(({ files }) => files.map(({ name }) => [name]));
        expect(datums(composite("union", a, b, c), [a, b, c])).toEqual(expected);
      }),
      runs(100),
    );
  });

  test("a join has the choices of the cross whose files agree on the key, and of a key that an input lacks what is outer", () => {
    fc.assert(
      fc.property(leaves, ([a, b, c]) => {
        const whole = a.files.flatMap((x) =>
          b.files
            .filter((y) => y.joinOn === x.joinOn)
            .flatMap((y) => c.files.filter((z) => z.joinOn === x.joinOn).map((z) => [x.name, y.name, z.name])),
        );
        const parts = ["k", "l", "m"].flatMap((wanted) => {
          const present = [a, b, c].map(({ files }) => files.filter(({ joinOn }) => joinOn === wanted));
          if (present.every((files) => files.length > 0)) return [];
          const outer = present.filter((files) => files[0]?.outerJoin === true);
          return outer.length === 0 ? [] : choices(outer);
        });
        const found = datums(composite("join", a, b, c), [a, b, c]);
        expect(asSet(found)).toEqual(asSet([...whole, ...parts]));
      }),
      runs(100),
    );
  });

  test("a group has each file in exactly one datum, with all that have its key, input by input", () => {
    fc.assert(
      fc.property(leaves, ([a, b, c]) => {
        const all = [a, b, c].flatMap(({ files }) => files);
        const expected = [...Map.groupBy(all, ({ groupBy }) => groupBy)].sort(([x], [y]) => (x < y ? -1 : 1));
        expect(datums(composite("group", a, b, c), [a, b, c])).toEqual(expected.map(([, files]) => names(files)));
      }),
      runs(100),
    );
  });

  test("a composition of one input is that input, and of compositions alike the same", () => {
    fc.assert(
      fc.property(leaves, fc.constantFrom("cross" as const, "union" as const), ([a, b, c], kind) => {
        expect(datums(composite(kind, a), [a])).toEqual(datums(pfs(a), [a]));
        const flat = datums(composite(kind, a, b, c), [a, b, c]);
        expect(datums(composite(kind, composite(kind, a, b), c), [a, b, c])).toEqual(flat);
        expect(datums(composite(kind, a, composite(kind, b, c)), [a, b, c])).toEqual(flat);
      }),
      runs(100),
    );
  });

  test("a cross spreads over a union", () => {
    fc.assert(
      fc.property(leaves, ([a, b, c]) => {
        const over = datums(composite("cross", a, composite("union", b, c)), [a, b, c]);
        const apart = datums(composite("union", composite("cross", a, b), composite("cross", a, c)), [a, b, c]);
        expect(asSet(over)).toEqual(asSet(apart));
      }),
      runs(100),
    );
  });

  test("a group of a join has the files that the join keeps, each once", () => {
    fc.assert(
      fc.property(leaves, ([a, b, c]) => {
        const joined = new Set(datums(composite("join", a, b), [a, b]).flat());
        const grouped = datums(composite("group", composite("join", a, b), c), [a, b, c]).flat();
        expect(grouped.toSorted()).toEqual([...joined, ...names(c.files)].toSorted());
      }),
      runs(100),
    );
  });

  test("a cross that would make too many is refused before it fills the memory", () => {
    const many = ["a", "b", "c", "d", "e", "f"].map((name) => ({
      name,
      files: Array.from({ length: 1000 }, (_, index) => ({ name: `${name}${index}`, joinOn: "", groupBy: "", outerJoin: false })),
    }));
    expect(() => datums(composite("cross", ...many), many, 5000)).toThrow("the input makes more than 5000 datums");
    expect(datums(composite("group", ...many), many, 5000)).toHaveLength(1);
  });
});

describe("what a join or group goes by", () => {
  test.each([
    ["$1", ["x", "y"], "x"],
    ["${2}-$1", ["x", "y"], "y-x"],
    ["$0", ["x"], "/path"],
    ["a$1b", ["x"], "axb"],
    ["$3", ["x"], "$3"],
    ["$$1", ["x"], "$1"],
    ["constant", [], "constant"],
  ])("%s with the groups %j is %s", (template, groups, expected) => {
    expect(fillIn(template, "/path", groups)).toBe(expected);
  });
});

const file = (name: string, repo: string, path: string) => ({ name, repo, branch: "master", path });

describe("datum ids that a pachd gave", () => {
  beforeAll(() => loadHasher());

  // shared/reference/pachd-recorded/pipelines/066 and 068
  test.each([
    [
      "of a cross and a join",
      [file("in", "in", "/a"), file("in2", "in2", "/a")],
      "8ecf532b18623612bc885c22765bac9aecd335acdc9e57017c1e08e62d61a62a",
    ],
    [
      "of a cross",
      [file("in", "in", "/b"), file("in2", "in2", "/z")],
      "867931d7fa105e1824b19ac0890b24a7d7ca6075b63c65861d70e8e2cf06dade",
    ],
    ["of a group and a pfs input", [file("in", "in", "/c")], "58088bd34124ebaf081f6008d03a22979162b16020e435dd76c3f938af10348e"],
    ["of a group", [file("in2", "in2", "/z")], "5b649eef6843e262967910fa589d59c061dd71aa317017e91f54c8395914d6ba"],
  ])("%s", (_, files, id) => {
    expect(datumId(files)).toBe(id);
  });
});
