import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { runId } from "../lineage/training-index.ts";
import { askTraining, parsed } from "./training-file.ts";

const ask = askTraining();

describe("find", () => {
  test("lists what an expression holds of, newest first, with what it asks for", async () => {
    const { code, out, err } = await ask("find", "kind = run and metrics.auc > 0.91 and params.depth = 5");
    expect({ code, err }).toEqual({ code: 0, err: "complete\n" });
    expect(out).toMatchInlineSnapshot(`
      "KIND  REFERENCE                         NAME   STATE     TIME                  metrics.auc  params.depth
      run   aaaaaaa3000000000000000000000000  day 3  finished  2026-11-22 10:00:30Z  0.93         5
      run   aaaaaaa2000000000000000000000000  day 2  finished  2026-11-21 10:00:30Z  0.92         5
      "
    `);
  });

  test("says how many more there are than the limit, in all formats", async () => {
    const inTable = await ask("find", "kind in (run, commit)", "--limit", "2");
    expect(inTable).toMatchObject({ code: 0, err: "… and 10 more: --limit 0 shows all\ncomplete\n" });
    expect(inTable.out.trimEnd().split("\n")).toHaveLength(3);
    const { out, err } = await ask("find", "kind = run", "-n", "1", "-o", "json");
    expect(err).toBe("… and 2 more: --limit 0 shows all\n");
    expect(parsed({ code: 0, out, err })).toMatchObject({ total: 3, found: [{ id: runId(3) }] });
    expect((await ask("find", "kind = run", "-n", "0")).out.trimEnd().split("\n")).toHaveLength(4);
  });

  test("that nothing was found is no failure, and is said", async () => {
    expect(await ask("find", "name = 'nothing'")).toEqual({ code: 0, out: "", err: "nothing found\ncomplete\n" });
  });

  test("a mistyped expression is refused in one line, with its column, before anything is asked", async () => {
    expect(await ask("find", "kind = run and metric.auc >> 1", "--index", "/nowhere/index.db")).toEqual({
      code: 2,
      out: "",
      err: "stemma: in the expression, column 28: expected a number, or a text in quotes, not >. Examples: stemma find --help\n",
    });
  });

  test("prints JSON as its published schema says, YAML that says the same, and a line for each thing", async () => {
    const schema = JSON.parse(await readFile("schemas/find-1.schema.json", "utf8")) as object;
    const validate = new Ajv2020({ allErrors: true }).compile(schema);
    const json = parsed(await ask("find", "time is not null", "-o", "json"));
    validate(json);
    expect(validate.errors).toBeNull();
    expect(json).toMatchObject({ version: 1, kind: "find", complete: true, expression: "not time is null" });
    expect(parse((await ask("find", "time is not null", "-o", "yaml")).out)).toEqual(json);
    const lines = (await ask("find", "kind = run", "-o", "jsonl")).out.trimEnd().split("\n");
    expect(lines.map((line) => Object.keys(JSON.parse(line) as object)[0])).toEqual(["urn", "urn", "urn", "end"]);
  });

  test("--help tells the language", async () => {
    const { out } = await ask("find", "--help");
    for (const word of ["params.KEY", "in ('a', 'b')", "like 'train%'", "backticks", "is null"]) expect(out).toContain(word);
  });
});
