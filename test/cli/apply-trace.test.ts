import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestEngine, branch, commitFiles, pipeline, put, readAll, repo, startTestEngine } from "../helpers/engine.ts";
import { OwnMlflow } from "../helpers/own-mlflow.ts";
import { type CommandResult, stemma } from "./terminal.ts";

const SPEC = {
  pipeline: { name: "greet" },
  transform: { cmd: ["sh", "-c", 'cat /pfs/names/* | sed "s/^/$0 /" > /pfs/out/greetings', "Hello"] },
  input: { pfs: { repo: "names", glob: "/" } },
};

let engine: TestEngine;
let cwd: string;
beforeAll(async () => {
  engine = await startTestEngine();
  cwd = await mkdtemp(join(tmpdir(), "stemma-apply-trace-"));
  await writeFile(join(cwd, "greet.json"), JSON.stringify(SPEC));
});
afterAll(async () => {
  await engine.close();
  await rm(cwd, { recursive: true });
});

function run(...argv: string[]): Promise<CommandResult> {
  const place = { cwd, env: { PACHD_ADDRESS: engine.engine.address } };
  return stemma(argv, place, { mlflow: async () => new OwnMlflow({ experiment: randomUUID() }) });
}

/** The newest output of the pipeline, when its job is done. */
async function output(): Promise<{ readonly id: string; readonly files: Record<string, string> }> {
  const { commit } = await engine.client.inspectCommit({ repo: repo("greet"), at: "master" }, "FINISHED");
  return { id: commit.id, files: await readAll(engine.client, "greet", commit.id) };
}

async function madeBy(id: string): Promise<string | undefined> {
  const { out } = await run("trace", `greet@${id}`, "--up");
  return /pipeline (greet#\d+)/.exec(out)?.[1];
}

test("a changed command makes a second version and a new commit, whose trace names that version; the first keeps its own", async () => {
  await run("apply", "-f", "greet.json");
  await commitFiles(engine.client, "names", { "/ada": "Ada\n" });
  const first = await output();
  expect(first.files).toEqual({ "/greetings": "Hello Ada\n" });
  expect((await run("apply", "-f", "greet.json")).out).toBe("unchanged pipeline greet\n");
  expect((await output()).id).toBe(first.id);

  expect((await run("apply", "-f", "greet.json", "--set", "greet.transform.cmd[3]=Goodbye")).out).toBe(
    `updating pipeline greet\n    transform.cmd[3]: "Hello" -> "Goodbye"\nupdated pipeline greet, now version 2\n`,
  );
  const second = await output();
  expect(second.id).not.toBe(first.id);
  expect(await madeBy(second.id)).toBe("greet#2");
  expect(await madeBy(first.id)).toBe("greet#1");

  // As in pachd, a new version runs what is new: only --reprocess runs what was done again.
  expect(second.files).toEqual({ "/greetings": "Hello Ada\n" });
  await engine.client.modifyBranch(branch("names"), [put("/bob", "Bob\n")]);
  expect((await output()).files).toEqual({ "/greetings": "Goodbye Ada\nGoodbye Bob\n" });
  expect((await engine.client.inspectPipeline(pipeline("greet"))).version).toBe(2);
});

test("--reprocess runs what was done again, under a new version", async () => {
  const set = ["--set", "greet.transform.cmd[3]=Welcome"];
  await run("apply", "-f", "greet.json", "--reprocess", ...set);
  const { id, files } = await output();
  expect(files).toEqual({ "/greetings": "Welcome Ada\nWelcome Bob\n" });
  expect(await madeBy(id)).toBe("greet#3");
});
