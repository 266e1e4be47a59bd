import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { setId } from "../lineage/training-index.ts";
import { askTraining, parsed } from "./training-file.ts";

const ask = askTraining();

describe("path", () => {
  test("tells the shortest way in words, and how many there are", async () => {
    const { code, out, err } = await ask("path", "train@master", "raw_data@master");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatchInlineSnapshot(`
      "commit train@ccccccc3000000000000000000000000  finished  2026-11-22T10:00:20Z
        was made by  job train@ccccccc3000000000000000000000000  success  2026-11-22T10:00:20Z
        used  commit etl@ccccccc3000000000000000000000000  finished  2026-11-22T10:00:10Z
        was made by  job etl@ccccccc3000000000000000000000000  success  2026-11-22T10:00:10Z
        used  commit raw_data@ccccccc3000000000000000000000000  finished  2026-11-22T10:00:01Z
      the shortest of 2 ways, over 6 things in all
      complete
      "
    `);
  });

  test("takes the two in any order", async () => {
    const [one, other] = await Promise.all([
      ask("path", "models:/fraud@champion", "raw_data@master"),
      ask("path", "raw_data@master", "models:/fraud@champion"),
    ]);
    expect(one).toEqual(other);
  });

  test("says that there is no way, and ends with 1", async () => {
    const { code, out } = await ask("path", "train@master", `raw_data@${setId(1)}`);
    expect(code).toBe(1);
    expect(out).toBe(`no way between commit train@${setId(3)} and commit raw_data@${setId(1)}\ncomplete\n`);
  });

  test("prints JSON as its published schema says", async () => {
    const schema = JSON.parse(await readFile("schemas/path-1.schema.json", "utf8")) as object;
    const validate = new Ajv2020({ allErrors: true }).compile(schema);
    for (const other of ["raw_data@master", `raw_data@${setId(1)}`]) {
      const json = parsed(await ask("path", "train@master", other, "-o", "json"));
      validate(json);
      expect(validate.errors).toBeNull();
      expect(json).toMatchObject({ version: 1, kind: "path", count: other === "raw_data@master" ? "2" : "0" });
    }
  });

  test("draws all ways for Graphviz", async () => {
    expect((await ask("path", "train@master", "raw_data@master", "-o", "dot")).out.match(/->/g)).toHaveLength(6);
  });
});
