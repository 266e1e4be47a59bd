import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { formatUrn } from "../../src/lineage/urn.ts";
import { at, commit, runId, setId } from "../lineage/training-index.ts";
import { askTraining, parsed } from "./training-file.ts";

const RUN = runId(3);
const ask = askTraining((writer) => {
  const failed = { kind: "run", id: "bb".repeat(16), name: "day 3", state: "failed" } as const;
  const job = { kind: "job", project: "default", pipeline: "train", id: setId(3) } as const;
  writer.say({
    node: failed,
    rank: "source",
    since: at(3),
    attempt: true,
    edges: [{ from: formatUrn(failed), kind: "within", to: formatUrn(job) }],
  });
  writer.markGone(formatUrn(commit("etl", 3)), at(4));
});

describe("trace", () => {
  test("draws what a run was made from", async () => {
    const { code, out, err } = await ask("trace", RUN, "--up");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatchInlineSnapshot(`
      "run aaaaaaa3000000000000000000000000  day 3  finished  2026-11-22T10:00:30Z
        auc=0.93
        http://mlflow.test/#/experiments/1/runs/aaaaaaa3000000000000000000000000
      came from
      └─ job train@ccccccc3000000000000000000000000  success  2026-11-22T10:00:20Z
         ├─ pipeline train#1  stemma/spark:1  2026-11-22T10:00:00Z
         └─ commit etl@ccccccc3000000000000000000000000  finished  2026-11-22T10:00:10Z  gone since 2026-11-23T10:00:00Z
            │ read: /part.csv
            └─ job etl@ccccccc3000000000000000000000000  success  2026-11-22T10:00:10Z
               ├─ pipeline etl#1  stemma/spark:1  2026-11-22T10:00:00Z
               └─ commit raw_data@ccccccc3000000000000000000000000  finished  2026-11-22T10:00:01Z
                    read: /part.csv
      note: it does not say which datum it ran for, so all that its job used counts as read, at run aaaaaaa3000000000000000000000000
      complete
      "
    `);
  });

  test("draws what came out of a commit", async () => {
    expect((await ask("trace", "raw_data@master", "--down")).out).toMatchInlineSnapshot(`
      "commit raw_data@ccccccc3000000000000000000000000  finished  2026-11-22T10:00:01Z
      led to
      └─ job etl@ccccccc3000000000000000000000000  success  2026-11-22T10:00:10Z
         │ read: /part.csv
         └─ commit etl@ccccccc3000000000000000000000000  finished  2026-11-22T10:00:10Z  gone since 2026-11-23T10:00:00Z
            └─ job train@ccccccc3000000000000000000000000  success  2026-11-22T10:00:20Z
               │ read: /part.csv
               └─ run aaaaaaa3000000000000000000000000  day 3  finished  2026-11-22T10:00:30Z
                  │ auc=0.93
                  │ http://mlflow.test/#/experiments/1/runs/aaaaaaa3000000000000000000000000
                  ├─ commit train@ccccccc3000000000000000000000000  finished  2026-11-22T10:00:20Z
                  └─ model-version models:/fraud/3  2026-11-22T10:00:35Z
      complete
      "
    `);
  });

  test("goes both ways unless told otherwise", async () => {
    const { out } = await ask("trace", "etl@master");
    expect(out).toMatch(/^commit etl@.*\ncame from\n[^]*\nled to\n/);
  });

  test("shows only the kinds that are asked for, several with commas", async () => {
    const { out } = await ask("trace", "models:/fraud@champion", "--up", "--kind", "run,commit", "-o", "table");
    expect(out.split("\n").map((line) => line.split(" ")[0])).toEqual(["KIND", "model-version", "run", "commit", "commit", ""]);
  });

  test("goes so many steps, or up to a thing or a kind, and says that there is more", async () => {
    const kinds = async (...argv: readonly string[]): Promise<string> => {
      const { nodes } = parsed(await ask("trace", "train@master", "--up", "-o", "json", ...argv));
      return (nodes as { kind: string; repo?: string }[]).map(({ kind, repo }) => repo ?? kind).join(" ");
    };
    expect(await kinds("--depth", "1")).toBe("train job run");
    expect(await kinds("--until", "etl@master")).toBe("train job run etl pipeline");
    expect(await kinds("--until", "job")).toBe("train job run");
    expect((await ask("trace", "train@master", "--up", "--depth", "1")).out).toMatch(/\nincomplete: there is more than 1 step/);
  });

  test("answers as of a time", async () => {
    const { out } = await ask("trace", "raw_data@master", "--down", "--as-of", "2026-11-21T12:00:00Z", "--kind", "run");
    expect(out).toContain(runId(2));
    expect(out).not.toContain(RUN);
  });

  test("leaves out tries that others replaced, unless asked", async () => {
    expect((await ask("trace", "raw_data@master", "--down")).out).not.toContain("(attempt)");
    expect((await ask("trace", "raw_data@master", "--down", "--attempts")).out).toMatch(/day 3 {2}failed {2}\(attempt\)/);
  });

  test("prints JSON as its published schema says", async () => {
    const schema = JSON.parse(await readFile("schemas/trace-1.schema.json", "utf8")) as object;
    const validate = new Ajv2020({ allErrors: true }).compile(schema);
    for (const argv of [["train@master"], [RUN, "--up"], ["train@master", "--depth", "1", "--attempts"]]) {
      const json = parsed(await ask("trace", ...argv, "-o", "json"));
      expect(json).toMatchObject({ version: 1, kind: "trace" });
      validate(json);
      expect(validate.errors).toBeNull();
    }
  });

  test("prints the same as YAML, and as a line for each thing", async () => {
    const json = parsed(await ask("trace", RUN, "--up", "-o", "json"));
    expect(parse((await ask("trace", RUN, "--up", "-o", "yaml")).out)).toEqual(json);
    const lines = (await ask("trace", RUN, "--up", "-o", "jsonl")).out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    const { nodes, edges, ...end } = json;
    expect(lines).toEqual([
      ...(nodes as object[]).map((node) => ({ node })),
      ...(edges as object[]).map((edge) => ({ edge })),
      { end },
    ]);
  });

  test("draws for Graphviz and for Mermaid", async () => {
    expect((await ask("trace", RUN, "-o", "dot")).out).toMatch(/^digraph stemma \{\n/);
    expect((await ask("trace", RUN, "-o", "mermaid")).out).toMatch(/^flowchart BT\n(?: {2}%% note: .*\n)+ {2}%% complete\n/);
  });

  test("ends with 6 when it has to be complete and is not", async () => {
    expect((await ask("trace", "train@master", "--up", "--depth", "1", "--require-complete")).code).toBe(6);
    expect((await ask("trace", "train@master", "--up", "--require-complete")).code).toBe(0);
  });
});

describe("bad input is one line and an exit code", () => {
  test.each([
    [["raw_dta@master"], 3, 'stemma: no repo "raw_dta". Did you mean: raw_data\n'],
    [["raw data"], 2, /^stemma: "raw data" is no reference\. Accepted: .*\n$/],
    [["train@master", "--kind", "runs"], 2, 'stemma: there is no kind "runs". Did you mean: run\n'],
    [["train@master", "--depth", "-1"], 2, 'stemma: "-1" is no number of steps. Write a whole number, such as 3.\n'],
    [["train@master", "--as-of", "2026-02-30"], 2, /^stemma: "2026-02-30" is no time\..*\n$/],
    [["train"], 2, /^stemma: "train" is no reference\. Did you mean: train@master\n$/],
    [["train@master", "--as-of", "yesterday"], 2, /^stemma: "yesterday" is no time\..*\n$/],
    [["train@master", "--until", "mastr"], 2, /^stemma: "mastr" is no reference\..*\n$/],
    [["train@master", "-o", "xml"], 2, /^stemma: .*Allowed choices are tree, table, json.*\n$/],
    [["train@master", "--up", "--down"], 2, /^stemma: .*cannot be used with.*\n$/],
    [
      ["train@master", "--index", join("no", "such.db")],
      3,
      /^stemma: there is no index .*no\/such\.db yet\. Run: stemma index sync\n$/,
    ],
  ])("%j", async (argv, code, message) => {
    const result = await ask("trace", ...argv);
    expect(result).toMatchObject({ code, out: "" });
    expect(result.err).toEqual(expect.stringMatching(message));
  });
});
