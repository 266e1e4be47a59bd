import { describe, expect, test } from "vitest";
import { inputLeaves } from "../../../src/engine/pps/pipeline-spec.ts";
import { parseSpec } from "../../../src/engine/pps/spec-json.ts";
import { toPipelineSpec } from "../../../src/engine/pps/spec-request.ts";

function specOf(more: object) {
  const spec = { pipeline: { name: "p", project: { name: "proj" } }, transform: { cmd: ["true"] }, ...more };
  return toPipelineSpec(parseSpec(JSON.stringify(spec)));
}

const leavesOf = (input: object) => inputLeaves(specOf({ input }).input);
const pfs = (name: string, more: object = {}) => ({ pfs: { name, repo: "r", glob: "/*", ...more } });

describe("the input of a spec", () => {
  test("has what the server fills in", () => {
    expect(leavesOf({ pfs: { repo: "r", glob: "a*/" } })).toEqual([
      {
        kind: "pfs",
        name: "r",
        project: "proj",
        repo: "r",
        repoType: "user",
        branch: "master",
        glob: "/a*",
        joinOn: "",
        groupBy: "",
        outerJoin: false,
        lazy: false,
        emptyFiles: false,
        trigger: undefined,
        neverPropagates: false,
        isReference: false,
      },
    ]);
  });

  test("may be missing", () => {
    expect(specOf({}).input).toBeUndefined();
  });

  test("has the children of a composition by the names given, those without one first and in their order", () => {
    const [y, x] = ["y", "x"].map((repo) => ({ pfs: { repo, glob: "/" } }));
    const input = { cross: [pfs("z"), y, { union: [pfs("m"), pfs("b")] }, x, pfs("c")] };
    expect(leavesOf(input).map(({ name }) => name)).toEqual(["y", "x", "b", "m", "c", "z"]);
  });

  test("is a branch of the pipeline's own where a trigger moves it", () => {
    const trigger = { size: "1K" };
    const leaves = leavesOf({ cross: [pfs("a", { trigger }), pfs("b", { trigger }), pfs("c", { trigger, branch: "own" })] });
    expect(leaves.map(({ branch }) => branch)).toEqual(["p-trigger-1", "p-trigger-2", "own"]);
    expect(leaves.map((leaf) => leaf.trigger?.branch)).toEqual(["master", "master", "master"]);
  });

  test("is, of a cron, what the pipeline writes its ticks to", () => {
    const [leaf] = leavesOf({ cron: { name: "tick", spec: "@every 1m", overwrite: true, start: "2026-01-01T00:00:00Z" } });
    expect(leaf).toMatchObject({ kind: "pfs", name: "tick", project: "proj", repo: "p_tick", branch: "master", glob: "/*" });
    expect(leaf?.cron).toEqual({ spec: "@every 1m", overwrite: true, start: Date.UTC(2026, 0, 1) });
  });
});

describe("what is refused in a spec", () => {
  test.each([
    ["a negative datum_tries", { datum_tries: -1 }, "datum_tries must not be negative, but is -1"],
    ["a negative datum set", { datum_set_spec: { size_bytes: -5 } }, "datum_set_spec.size_bytes must not be negative, but is -5"],
    ["no time for a datum", { datum_timeout: "0s" }, "datum_timeout must be longer than nothing"],
    ["less than no time for a job", { job_timeout: "-1s" }, "job_timeout must be longer than nothing"],
    ["an exit code that there is not", { transform: { cmd: ["x"], accept_return_code: [300] } }, "no program ends with 300"],
    ["a malformed glob", { input: pfs("a", { glob: "/[" }) }, "unexpected end of input"],
    [
      "a table of a database to write the output to",
      { egress: { sql_database: { url: "mysql://x" } } },
      'the embedded engine does not run pipelines with "egress.sql_database"',
    ],
    [
      "a secret without a key, which pachd refuses as well",
      { transform: { cmd: ["x"], secrets: [{ name: "s", env_var: "S" }] } },
      "secret s has env_var set but is missing key",
    ],
    ["an s3 input", { input: pfs("a", { s3: true, glob: "/" }) }, 'the embedded engine does not take "s3" inputs'],
    ["s3 output", { s3_out: true }, 'the embedded engine does not run pipelines with "s3_out"'],
    ["a service", { service: { internal_port: 80 } }, 'the embedded engine does not run pipelines with "service"'],
    ["a spout", { spout: {} }, 'the embedded engine does not run pipelines with "spout"'],
    ["Determined", { determined: { workspaces: ["w"] } }, 'the embedded engine does not run pipelines with "determined"'],
  ])("%s", (_, more, text) => {
    expect(() => specOf(more)).toThrow(text);
  });
});
