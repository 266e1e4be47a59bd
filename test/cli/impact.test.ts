import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { setId } from "../lineage/training-index.ts";
import { askTraining, parsed } from "./training-file.ts";

const ask = askTraining();

describe("impact", () => {
  test("lists what came out of data, with what is in use, and ends with 1", async () => {
    const { code, out, err } = await ask("impact", "raw_data@master");
    expect({ code, err }).toEqual({ code: 1, err: "complete\n" });
    expect(out).toMatchInlineSnapshot(`
      "KIND           REFERENCE                         NAME   STATE     LIVE AS    EXPERIMENT  TIME
      run            aaaaaaa3000000000000000000000000  day 3  finished  -          1           2026-11-22 10:00:30Z
      model-version  models:/fraud/3                   -      -         @champion  -           2026-11-22 10:00:35Z
      "
    `);
  });

  test("--live lists only what is in use", async () => {
    expect((await ask("impact", "raw_data@master", "--live")).out).toMatch(/^KIND.*\nmodel-version .*@champion.*\n$/);
  });

  test("ends with 0 when nothing in use came out of it", async () => {
    expect(await ask("impact", `raw_data@${setId(1)}`, "--live")).toEqual({
      code: 0,
      out: "",
      err: "nothing that is in use came out of it\ncomplete\n",
    });
  });

  test("lists only the kinds that are asked for", async () => {
    const { affected } = parsed(await ask("impact", "raw_data@master", "--kind", "run", "-o", "json"));
    expect(affected).toEqual([expect.objectContaining({ kind: "run", live: false, liveAs: [] })]);
  });

  test("as a tree or graph has only what leads to what was asked for", async () => {
    for (const format of ["tree", "dot"]) {
      const all = (await ask("impact", "raw_data@master", "-o", format)).out;
      expect(all).toContain("aaaaaaa3");
      expect(all).toContain("models:/fraud/3");
      const runs = (await ask("impact", "raw_data@master", "--kind", "run", "-o", format)).out;
      expect(runs).toContain("aaaaaaa3");
      expect(runs).not.toContain("models:/fraud/3");
    }
  });

  test("refuses a kind that is never in the answer", async () => {
    const { code, err } = await ask("impact", "raw_data@master", "--kind", "commit");
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringMatching(/^stemma: impact is about .*\n$/) });
  });

  test("prints JSON as its published schema says", async () => {
    const schema = JSON.parse(await readFile("schemas/impact-1.schema.json", "utf8")) as object;
    const validate = new Ajv2020({ allErrors: true }).compile(schema);
    const json = parsed(await ask("impact", "raw_data@master", "-o", "json"));
    validate(json);
    expect(validate.errors).toBeNull();
    expect(json).toMatchObject({ version: 1, kind: "impact", complete: true });
  });
});
