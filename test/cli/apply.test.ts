import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Readable } from "node:stream";
import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { differences, formatDifference } from "../../src/cli/apply/differences.ts";
import { specFields } from "../../src/cli/apply/spec-fields.ts";
import { parseQuantity } from "../../src/cli/apply/quantities.ts";
import { parseJsonDocuments } from "../../src/cli/json-documents.ts";
import { readPipelineSpecs } from "../../src/cli/pipeline-specs.ts";
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
  return applyTo(running, ...argv);
}

function applyTo({ engine }: TestEngine, ...argv: string[]): Promise<CommandResult> {
  return stemma(["apply", ...argv], { cwd, env: { PACHD_ADDRESS: engine.address } });
}

/** What `-o json` says of the file p.json. */
async function printed(...argv: string[]): Promise<unknown> {
  return JSON.parse((await apply("-f", "p.json", "-o", "json", ...argv)).out);
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

  test("updates a pipeline when its spec says something else, and only then, after showing what", async () => {
    await write("p.json", spec("changing", "data", { datumTries: "4" }));
    await apply("-f", "p.json");
    await write("p.json", {
      $schema: "https://example.test/spec.json",
      input: { pfs: { glob: "/*", repo: "data" } },
      ...spec("changing", "data", { datum_tries: 4 }),
    });
    expect((await apply("-f", "p.json")).out).toBe("unchanged pipeline changing\n");
    const changed = spec("changing", "data", { transform: { cmd: ["sleep", "0"] }, datum_timeout: "60s" });
    await write("p.json", changed);
    const shown = [
      `  - transform.cmd[0]: "true"`,
      `  + transform.cmd[0]: "sleep"`,
      `  + transform.cmd[1]: "0"`,
      `  + datum_timeout: "60s"`,
      `  - datum_tries: 4`,
    ].join("\n");
    expect((await apply("-f", "p.json", "--dry-run")).out).toBe(`would update pipeline changing\n${shown}\n`);
    expect((await apply("-f", "p.json")).out).toBe(
      `updating pipeline changing\n${shown}\nupdated pipeline changing, now version 2\n`,
    );
    expect((await apply("-f", "p.json", "--reprocess")).out).toBe(
      "updating pipeline changing\nupdated pipeline changing, now version 3\n",
    );
    expect((await running.client.inspectPipeline(pipeline("changing"))).version).toBe(3);
  });

  test("prints what it does, or would do, as one JSON object", async () => {
    await write("p.json", spec("printed", "paper"));
    const repo = { kind: "repo", name: "paper", action: "create" };
    const made = { kind: "pipeline", name: "printed", action: "create", differences: [] };
    expect(await printed("--dry-run")).toEqual({ dryRun: true, changes: [repo, made] });
    expect(await printed()).toEqual({ dryRun: false, changes: [repo, { ...made, version: 1 }] });
    expect(await printed()).toEqual({ dryRun: false, changes: [{ ...made, action: "none", version: 1 }] });
    const differences = [
      { path: "transform.cmd[0]", before: "true", after: "false" },
      { path: "autoscaling", after: true },
    ];
    expect(await printed("--set", "printed.transform.cmd[0]=false", "--set", "printed.autoscaling=true")).toEqual({
      dryRun: false,
      changes: [{ ...made, action: "update", version: 2, differences }],
    });
  });

  test("compares with what a pipeline comes to, where a server does not tell what its user wrote", async () => {
    await write("p.json", spec("untold", "tales"));
    const before = await startTestEngine();
    await applyTo(before, "-f", "p.json");
    before.client.close();
    await before.engine.close();
    const db = new DatabaseSync(join(before.home, "engine.db"));
    db.exec("UPDATE pipeline_versions SET user_spec = ''");
    db.close();
    const after = await startTestEngine({ home: before.home });
    onTestFinished(() => after.close());
    expect((await applyTo(after, "-f", "p.json")).out).toBe("unchanged pipeline untold\n");
    expect((await applyTo(after, "-f", "p.json", "--dry-run", "--set", "untold.datum_tries=7")).out).toBe(
      "would update pipeline untold\n    datum_tries: 3 -> 7\n",
    );
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

/** The spec in etl.json with what is put into it. */
async function read({ set = [], image = [] }: { set?: string[]; image?: string[] }): Promise<Record<string, unknown>> {
  const place = { cwd, stdin: Readable.from([]) };
  const [only] = await readPipelineSpecs(place, ["etl.json"], { settings: set, images: image });
  return JSON.parse(only?.json ?? "") as Record<string, unknown>;
}

describe("what is put into specs without editing them", () => {
  const SPEC = {
    pipeline: { name: "etl", project: { name: "default" } },
    transform: { image: "host:5000/tools/etl:1.0", cmd: ["etl", "--buckets", "2"], env: { LEVEL: "info" } },
    resourceLimits: { memory: "1Gi" },
    input: { pfs: { repo: "in", glob: "/*" } },
  };
  beforeEach(() => write("etl.json", SPEC));

  test.each([
    ["a number", "etl.datum_tries=5", { datum_tries: 5 }],
    ["true or false, of all pipelines", "*.autoscaling=true", { autoscaling: true }],
    ["text that looks like a number, where only text can be", "etl.transform.cmd[2]=64", at("cmd", ["etl", "--buckets", "64"])],
    ["one word more", "etl.transform.cmd[3]=-v", at("cmd", ["etl", "--buckets", "2", "-v"])],
    ["a whole list", 'etl.transform.cmd=["true"]', at("cmd", ["true"])],
    ["a variable, new or old", "etl.transform.env.SPARK_MASTER=a=b", at("env", { LEVEL: "info", SPARK_MASTER: "a=b" })],
    ["text in quotes", 'etl.transform.env.LEVEL="7"', at("env", { LEVEL: "7" })],
    ["a member of any name", 'etl.metadata.labels["a.b/c"]=d', { metadata: { labels: { "a.b/c": "d" } } }],
    ["a field under the name by which it is there", "etl.resource_limits.memory=8Gi", { resourceLimits: { memory: "8Gi" } }],
    ["an object", 'etl.datum_set_spec={"per_worker":1}', { datum_set_spec: { per_worker: 1 } }],
    ["nothing, which takes a default away", "etl.datum_timeout=null", { datum_timeout: null }],
    ["an item of a list that was not there", "etl.transform.secrets[0].name=mlflow", at("secrets", [{ name: "mlflow" }])],
    ["another project", "*.pipeline.project.name=fraud", { pipeline: { name: "etl", project: { name: "fraud" } } }],
  ])("--set puts in %s", async (_what, set, changed) => {
    expect(await read({ set: [set] })).toEqual({ ...SPEC, ...changed });
  });

  test("of several settings the last one holds", async () => {
    const { transform } = await read({ set: ["etl.transform.image=a:1", "etl.transform.image=b:2"] });
    expect(transform).toMatchObject({ image: "b:2" });
  });

  test.each([
    ["host:5000/tools/etl=registry.example/etl", "registry.example/etl:1.0"],
    ["host:5000/tools/etl=registry.example:80/etl", "registry.example:80/etl:1.0"],
    ["host:5000/tools/etl=registry.example/etl:2", "registry.example/etl:2"],
    ["host:5000/tools/etl:1.0=etl@sha256:0f", "etl@sha256:0f"],
  ])("--image %s makes it %s", async (image, expected) => {
    expect(await read({ image: [image] })).toMatchObject({ transform: { ...SPEC.transform, image: expected } });
  });

  test.each([
    ["--set", "etll.autoscaling=true", 'there is no pipeline "etll" in these files. Did you mean: etl'],
    ["--set", "etl.autoscalng=true", 'a spec has no field "autoscalng". Did you mean: autoscaling'],
    ["--set", "etl.resource_limits.memry=1", 'resource_limits has no field "memry". Did you mean: memory'],
    ["--set", "etl.update=true", 'a spec has no field "update".'],
    ["--set", "etl.transform.cmd[9]=x", "transform.cmd has 3 items. transform.cmd[3] would add one."],
    ["--set", "etl.transform.cmd.x=1", "transform.cmd is a list. Its first item is transform.cmd[0]."],
    ["--set", "etl.transform[0]=1", "transform is no list."],
    ["--set", "etl.autoscaling.x=1", "autoscaling is a single value."],
    ["--set", "etl.autoscaling=maybe", 'autoscaling must be true or false, not "maybe".'],
    ["--set", "etl.datum_timeout=300", 'datum_timeout must be a time in seconds such as "300s", not 300.'],
    ["--set", "etl=3", "it looks like PIPELINE.FIELD=VALUE."],
    ["--set", "etl.transform", "it looks like PIPELINE.FIELD=VALUE."],
    ["--set", String.raw`etl.metadata.labels["\x"]=1`, "it looks like PIPELINE.FIELD=VALUE."],
    ["--image", "tools/etl=x", 'no spec has an image "tools/etl". There are: host:5000/tools/etl'],
    ["--image", "host:5000/tools/elt=x", 'no spec has an image "host:5000/tools/elt". Did you mean: host:5000/tools/etl'],
    ["--image", "etl", "it looks like NAME=IMAGE."],
  ])("%s %s is refused, naming what is wrong", async (option, value, message) => {
    const { code, err } = await apply("-f", "etl.json", "--dry-run", option, value);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(`${option} ${value}: ${message}`) });
  });

  test("no --set, whatever it says, is anything but taken or refused as a usage error", async () => {
    const piece = fc.constantFrom(
      "etl",
      "*",
      ".",
      "[",
      "]",
      "0",
      "7",
      "transform",
      "cmd",
      "env",
      "input",
      "pfs",
      "join",
      '"',
      '["a.b"]',
      "=",
    );
    const path = fc
      .constantFrom("etl.", "*.", "")
      .chain((start) => fc.array(piece, { maxLength: 7 }).map((parts) => start + parts.join("")));
    const value = fc.oneof(fc.json({ maxDepth: 2 }), fc.string(), fc.constant("null"));
    await fc.assert(
      fc.asyncProperty(path, value, async (at, given) => {
        const outcome = await read({ set: [`${at}=${given}`] }).then(
          () => "taken",
          (error: unknown) => (error as { code?: string }).code ?? String(error),
        );
        expect(["taken", "USAGE"]).toContain(outcome);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    [
      "a quantity that Kubernetes cannot read",
      'resource_limits.memory is "8GB", which is no quantity',
      ["etl.resource_limits.memory=8GB"],
    ],
    [
      "a request above its limit",
      "resource_requests.memory (2Gi) is more than resource_limits.memory (1Gi).",
      ["etl.resource_requests.memory=2Gi"],
    ],
    [
      "a request above its limit, in other units",
      "resource_requests.cpu (2) is more than resource_limits.cpu (0.5).",
      ["etl.resource_requests.cpu=2", "etl.resource_limits.cpu=0.5"],
    ],
  ])("%s is refused, which pachd would not tell", async (_what, message, set) => {
    const { code, err } = await apply("-f", "etl.json", "--dry-run", ...set.flatMap((each) => ["--set", each]));
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(`pipeline etl: ${message}`) });
  });

  function at(name: string, value: unknown): object {
    return { transform: { ...SPEC.transform, [name]: value } };
  }
});

describe("parseQuantity", () => {
  test.each([
    ["512Mi", 512 * 1024 ** 2],
    ["1.5Gi", 1.5 * 1024 ** 3],
    ["2G", 2e9],
    ["500m", 0.5],
    ["1e3", 1000],
    ["0.5", 0.5],
    ["12", 12],
  ])("%s is %d", (text, amount) => {
    expect(parseQuantity(text)).toBeCloseTo(amount, 9);
  });

  test.each(["8GB", "Gi", "", "1 Gi", "-1", "1gi", "0x10"])("%j is none", (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });
});

describe("specFields", () => {
  test("says the same of a spec, whoever wrote it", () => {
    const byHand = {
      pipeline: { name: "etl" },
      datum_tries: 3,
      datum_timeout: "60s",
      transform: { accept_return_code: ["2", 3], env: { camelCase: "stays", snake_case: "stays" } },
      tolerations: [{ operator: 1 }],
      metadata: null,
    };
    const byServer = {
      update: true,
      reprocess: true,
      specCommit: { id: "0" },
      pipeline: { project: { name: "default" }, name: "etl" },
      datumTries: "3",
      datumTimeout: "60s",
      transform: { acceptReturnCode: [2, "3"], env: { camelCase: "stays", snake_case: "stays" } },
      tolerations: [{ operator: "EXISTS" }],
      metadata: null,
    };
    expect(differences(specFields(byHand), specFields(byServer))).toEqual([]);
  });

  test("keeps what only a newer server knows", () => {
    expect(specFields({ pipeline: { name: "etl" }, shine: { bright: [1] }, datumTries: "many" })).toEqual({
      pipeline: { project: { name: "default" }, name: "etl" },
      shine: { bright: [1] },
      datum_tries: "many",
    });
  });
});

describe("differences", () => {
  const value = fc.jsonValue({ maxDepth: 3 });

  test("there are none between a thing and its copy, and some between things that differ", () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(differences(a, structuredClone(a))).toEqual([]);
        expect(differences(a, b).length === 0).toBe(isDeepStrictEqual(a, b));
      }),
    );
  });

  test("a word put in, or taken out, moves no others", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1 }), fc.nat(), fc.boolean(), (words, seed, isAdded) => {
        const place = seed % words.length;
        const fewer = words.toSpliced(place, 1);
        const [before, after, key] = isAdded ? [fewer, words, "after"] : [words, fewer, "before"];
        expect(differences({ cmd: before }, { cmd: after })).toEqual([{ path: `cmd[${place}]`, [key]: words[place] }]);
      }),
    );
  });

  test("nothing in them steers a terminal", () => {
    expect(formatDifference({ path: "env.A", before: "\u001B[2J", after: "a\u202Eb" })).toBe(
      String.raw`  env.A: "\u001b[2J" -> "a\u202eb"`,
    );
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
