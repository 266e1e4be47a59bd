import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { startTestEngine } from "../helpers/engine.ts";
import { Alignment, withoutTimes } from "./recorded/normalize.ts";
import { settledMessage } from "./recorded/settle.ts";
import { runScript } from "./sdk/run-script.ts";

const FOLDER = fileURLToPath(new URL("recorded/", import.meta.url));

interface Step {
  readonly name: string;
  /** `OK`, or a gRPC code. */
  readonly code: string;
  /** What was answered; of a refusal, its text. */
  readonly answer: unknown;
}

/** Where the engine answers otherwise, and why. Everything else is the same. */
const DIFFERENT: Readonly<Record<string, string>> = {
  version: "the recording's is a pre-release, which warns all its clients",
  inspect_cluster: "the recording's is a pre-release, which warns all its clients",
  "create_repo type weird": "pachd passes on its database's error",
  "inspect_commit non-uuid id": "pachd panics; here it is a branch that is not there",
  "put path '/a\\x00b'": "the recording shows the zero byte escaped",
  "put path '/' (own branch)": "pachd accepts it and damages the commit's listing; here it is refused",
  "  walk after '/'": "what pachd accepted was refused here",
  subscribe_commit: "the recording has the seconds too, and what was put is not known",
  "inspect_commit right after finish": "pachd finishes a moment later, the engine at once",
  "inspect_commit_set nowait": "pachd finishes a moment later, the engine at once",
  "create bad glob": "pachd's job then restarts without end; here the glob is refused",
  "file_set create/add": "the recording says nothing of it",
};

/** The steps as a real pachd 2.12 answered them. */
function recorded(file: string): Step[] {
  const blocks = readFileSync(`${FOLDER}${file}`, "utf8")
    .split(/^##### /m)
    .slice(1);
  return blocks.map((block) => {
    const [, name = "", body = ""] = /^(.*?) +\([\d.]+s\)\n([^]*)$/.exec(block) ?? [];
    const [, code, text] = /^GRPC (\w+) \| ([^]*)$/.exec(body.trim()) ?? [];
    if (code !== undefined) return { name, code, answer: text };
    return { name, code: "OK", answer: parsePython(body.trim().slice("OK ".length)) };
  });
}

/** JSON, or a Python list of texts, numbers and truths; a text of bytes stays as it is written. */
function parsePython(text: string): unknown {
  if (/^[[{]/.test(text)) {
    const json = text.includes("'")
      ? text.replaceAll("\\\\", "\\\\").replace(/'((?:[^'\\]|\\.)*)'/g, (_, inner: string) => `"${inner}"`)
      : text;
    return JSON.parse(json.replaceAll("True", "true").replaceAll("False", "false"));
  }
  if (/^\d+$/.test(text)) return Number(text);
  return text === "None" ? null : text;
}

async function replayed(script: string, ...more: readonly string[]): Promise<Step[]> {
  const engine = await startTestEngine();
  try {
    const steps = await runScript(script, engine.engine.address, ...more);
    return steps.map(({ name, code = "OK", text, answer }) => ({ name, code, answer: text ?? answer }));
  } finally {
    await engine.close();
  }
}

async function replay(steps: readonly Step[], replayedSteps: Promise<readonly Step[]>): Promise<void> {
  const alignment = new Alignment();
  const answers = Map.groupBy(await replayedSteps, ({ name }) => name);
  test.each(steps.map((step) => [step.name, step] as const))("%s", (name, step) => {
    const answer = settledMessage(answers.get(name)?.shift());
    const wanted = settledMessage(withoutTimes(step));
    if (DIFFERENT[name] === undefined) expect(alignment.align(answer, step)).toEqual(wanted);
    else expect(new Alignment().align(answer, step), `${name} need no longer be excepted`).not.toEqual(wanted);
  });
}

/** The pipeline of a thousand datums as it would have been with fewer. */
function withDatums(step: Step, datums: number): Step {
  const text = JSON.stringify(step)
    .replaceAll('"answer":1000', `"answer":${datums}`)
    .replaceAll(/(data(?:Processed|Total)":)"1000"/g, `$1"${datums}"`)
    .replaceAll('"1024000"', `"${datums * 1024}"`)
    .replaceAll('"5000"', `"${datums * 5}"`);
  return JSON.parse(text) as Step;
}

describe("what a real pachd answered to the unchanged pachyderm-sdk", async () => {
  await replay(recorded("sdk-observe.txt"), replayed("recorded_data.py"));
});

describe("what a real pachd answered to the unchanged pachyderm-sdk about pipelines", async () => {
  const steps = recorded("sdk-pps.txt").map((step) => withDatums(step, 40));
  await replay(steps, replayed("recorded_pipelines.py", "40"));
});
