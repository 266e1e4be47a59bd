import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { steadyOutput, steadyValue } from "./lineage-output.ts";
import type { LineageStory } from "./lineage-story.ts";
import { openLineageStory } from "./lineage-story.ts";

const PAGE = "docs/lineage.md";
const GOLDEN = "test/fixtures/golden/lineage";
/** A command and what it prints: ```console NAME */
const EXAMPLE = /^```console (?<name>\S+)\n\$ stemma (?<command>.*)\n(?<output>[^]*?)^```$/gm;
const isUpdate = process.env["UPDATE_GOLDEN"] === "1";

interface Example {
  readonly name: string;
  readonly command: string;
  readonly output: string;
}

const page = await readFile(PAGE, "utf8");
const examples = Array.from(page.matchAll(EXAMPLE), ({ groups = {} }): Example => {
  const { name = "", command = "", output = "" } = groups;
  return { name, command, output };
});

/** The id that stands on the page for the one that was made at this place. */
function idOnPage(at: number): string {
  return createHash("sha256")
    .update(`docs ${at}`)
    .digest("hex")
    .slice(0, 32)
    .replace(/^(?<start>.{12})./, "$<start>4");
}

/** The page's examples on two days of the demo's data; `UPDATE_GOLDEN=1` writes their output down anew. */
describe("docs/lineage.md", () => {
  let story: LineageStory;
  let updated = page;

  beforeAll(async () => {
    story = await openLineageStory();
    await story.stemma(["index", "sync"]);
  }, 240_000);
  afterAll(async () => {
    if (isUpdate) await writeFile(PAGE, updated);
    await story[Symbol.asyncDispose]();
  });

  test.each(examples)("$name prints what the page says, for people and for programs", async ({ name, command, output }) => {
    const argv = wordsOf(command);
    const [piped, shown] = [await run(argv), await run(argv, true)];
    const text = `${piped.out}${exitText(piped.code)}`;
    if (isUpdate) updated = updated.replace(`$ stemma ${command}\n${output}`, () => `$ stemma ${command}\n${text}`);
    else expect(output).toBe(text);
    await expectGolden(`${name}.pipe`, text);
    await expectGolden(`${name}.terminal`, `${shown.out}${exitText(shown.code)}`);
    if (argv.includes("-o") || argv[0] === "export") return;
    const json = await run([...argv, "-o", "json"]);
    expect(json.code).toBe(piped.code);
    await expectGolden(`${name}.json`, `${JSON.stringify(steadyValue(JSON.parse(json.out)), undefined, 2)}\n`);
  });

  /** Runs a command of the page, with the ids that things have now; its output has the page's. */
  async function run(argv: readonly string[], isTerminal = false): Promise<{ readonly out: string; readonly code: number }> {
    const now = argv.map((word) =>
      story.ids
        .reduce((text, id, at) => text.replaceAll(idOnPage(at), id), word)
        .replace("models:/fraud", `models:/${story.mlflow.model}`),
    );
    const { out, err, code } = await story.stemma([...now, "--no-sync"], isTerminal);
    expect(err).not.toContain("stemma:");
    return { out: steadyOutput(out, story, idOnPage), code };
  }
});

test("of each question there is an example, and each is run", () => {
  const commands = new Set(examples.map(({ command }) => command.split(" ")[0] ?? ""));
  expect([...commands].toSorted((one, other) => one.localeCompare(other))).toEqual([
    "diff",
    "export",
    "find",
    "impact",
    "log",
    "path",
    "trace",
    "verify",
    "why",
  ]);
  expect(page.match(/^```/gm)).toHaveLength(2 * examples.length);
});

async function expectGolden(name: string, text: string): Promise<void> {
  const file = join(GOLDEN, name);
  if (isUpdate) {
    await mkdir(GOLDEN, { recursive: true });
    await writeFile(file, text);
  }
  expect(text).toBe(await readFile(file, "utf8"));
}

/** What a shell makes of the page's few quotes. */
function wordsOf(command: string): readonly string[] {
  return Array.from(
    command.matchAll(/'(?<quoted>[^']*)'|(?<plain>\S+)/g),
    ({ groups = {} }) => groups["quoted"] ?? groups["plain"] ?? "",
  );
}

function exitText(code: number): string {
  return code === 0 ? "" : `(exit code ${code})\n`;
}
