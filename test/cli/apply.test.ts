import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseJsonDocuments } from "../../src/cli/json-documents.ts";
import { type TestEngine, pipeline, startTestEngine } from "../helpers/engine.ts";
import { type CommandResult, stemma } from "./terminal.ts";

let running: TestEngine;
let cwd: string;
beforeAll(async () => {
  running = await startTestEngine();
});
afterAll(() => running.close());
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "stemma-apply-"));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

function apply(...argv: string[]): Promise<CommandResult> {
  return stemma(["apply", ...argv], { cwd, env: { PACHD_ADDRESS: running.engine.address } });
}

async function write(file: string, content: unknown): Promise<void> {
  await mkdir(dirname(join(cwd, file)), { recursive: true });
  await writeFile(join(cwd, file), typeof content === "string" ? content : JSON.stringify(content));
}

function spec(name: string, input: string, more: object = {}): object {
  return { pipeline: { name }, transform: { cmd: ["true"] }, input: { pfs: { repo: input, glob: "/*" } }, ...more };
}

describe("stemma apply", () => {
  test("makes the repos and pipelines of a folder in the order of their data, and nothing the second time", async () => {
    await write("specs/a-last.json", spec("last", "middle"));
    await write("specs/b-middle.json", spec("middle", "first"));
    await write("specs/c-first.json", spec("first", "raw"));
    await write("specs/notes.txt", "not a spec");
    expect(await apply("-f", "specs", "--dry-run")).toEqual({
      code: 0,
      out: "would create repo raw\nwould create pipeline first\nwould create pipeline middle\nwould create pipeline last\n",
      err: "",
    });
    expect((await apply("-f", "specs")).out).toBe(
      "created repo raw\ncreated pipeline first\ncreated pipeline middle\ncreated pipeline last\n",
    );
    expect((await apply("-f", "specs")).out).toBe(
      "unchanged pipeline first\nunchanged pipeline middle\nunchanged pipeline last\n",
    );
  });

  test("updates a pipeline when its spec says something else, and only then", async () => {
    await write("p.json", spec("changing", "data"));
    await apply("-f", "p.json");
    await write("p.json", {
      $schema: "https://example.test/spec.json",
      input: { pfs: { glob: "/*", repo: "data" } },
      ...spec("changing", "data"),
    });
    expect((await apply("-f", "p.json")).out).toBe("unchanged pipeline changing\n");
    await write("p.json", spec("changing", "data", { datum_tries: 5 }));
    expect(JSON.parse((await apply("-f", "p.json", "-o", "json")).out)).toEqual({
      dryRun: false,
      changes: [{ kind: "pipeline", name: "changing", action: "update" }],
    });
    expect((await apply("-f", "p.json", "--reprocess")).out).toBe("updated pipeline changing\n");
    expect((await running.client.inspectPipeline(pipeline("changing"))).version).toBe(3);
  });

  test("takes several specs from one file, after each other or in a list", async () => {
    await write(
      "both.json",
      `${JSON.stringify(spec("one", "many"))}\n\n${JSON.stringify([spec("two", "many"), spec("three", "one")])}`,
    );
    expect((await apply("-f", "both.json")).out).toBe(
      "created repo many\ncreated pipeline one\ncreated pipeline two\ncreated pipeline three\n",
    );
  });

  test.each([
    ["is not JSON", "{\n  pipeline: 1\n}", 2, 'bad.json:2:3: not JSON: a name in double quotes must be here, not "p".'],
    ["ends early", '[{"pipeline": {', 2, "bad.json:1:16: not JSON: a name in double quotes must be here, not the end."],
    ["has an unknown field", spec("x", "y", { datum_trys: 1 }), 2, 'bad.json: unknown field "datum_trys" in the spec.'],
    ["has a wrong type", spec("x", "y", { datum_tries: "many" }), 2, 'bad.json: datum_tries must be a whole number, not "many".'],
    ["has no name", { transform: { cmd: ["true"] } }, 2, "bad.json: a spec has no pipeline.name."],
    ["is no object", [1], 2, "bad.json: the spec must be an object, not 1."],
    ["is empty", "", 2, "there is no pipeline spec in bad.json."],
    ["is there twice", [spec("x", "y"), spec("x", "y")], 2, "pipeline x is specified twice."],
    ["goes in a circle", [spec("x", "y"), spec("y", "x")], 2, "pipeline x would read what is made from its own output."],
    ["is refused by the server", spec("bad name", "y"), 1, "only alphanumeric"],
  ])("says in one line that a spec %s", async (_what, content, code, line) => {
    await write("bad.json", content);
    const result = await apply("-f", "bad.json");
    expect(result.code).toBe(code);
    expect(result.err).toContain(line);
    expect(result.err).toMatch(/^stemma: [^\n]+\n$/);
  });

  test("says which file is not there, and that a server can't be reached", async () => {
    expect(await apply("-f", "none.json")).toMatchObject({ code: 3, err: /^stemma: none\.json can't be read: [^\n]+\n$/ });
    await write("p.json", spec("p", "r"));
    expect(await apply("-f", "p.json", "--pachd", "127.0.0.1:1")).toMatchObject({
      code: 4,
      err: /^stemma: Pachyderm at 127\.0\.0\.1:1 can't be reached/,
    });
    expect(await apply()).toMatchObject({ code: 2 });
  });
});

function parses(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

describe("parseJsonDocuments", () => {
  test("reads what JSON.stringify writes, one value or many, in any layout", () => {
    const values = fc.array(fc.jsonValue(), { maxLength: 4 });
    fc.assert(
      fc.property(values, fc.constantFrom(undefined, 2), (documents, indent) => {
        const text = documents.map((document) => JSON.stringify(document, undefined, indent)).join("\n");
        expect(parseJsonDocuments(text, "x")).toEqual(
          documents.map((document) => JSON.parse(JSON.stringify(document)) as unknown),
        );
      }),
    );
  });

  test("refuses a single value just when JSON.parse does", () => {
    const pieces = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"',
      "\\u00e9",
      "\\",
      "1",
      "-",
      "01",
      "1.5e3",
      ".",
      "true",
      "nul",
      " ",
      "\n",
      "\t",
      "\u0001",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const text = `[${parts.join("")}]`;
        const isOne = parses(() => expect(parseJsonDocuments(text, "x")).toHaveLength(1));
        expect([text, isOne]).toEqual([text, parses(() => JSON.parse(text))]);
      }),
      { numRuns: 2000 },
    );
  });

  test("has an end to its patience with depth", () => {
    expect(() => parseJsonDocuments("[".repeat(100_000), "x")).toThrow("x:1:502: not JSON");
  });
});
