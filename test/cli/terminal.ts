import { Readable } from "node:stream";
import type { Context } from "../../src/cli/context.ts";
import { runProgram } from "../../src/cli/program.ts";
import { findMlflow } from "../../src/cli/find-mlflow.ts";
import { findPachyderm } from "../../src/cli/find-pachyderm.ts";

/** What a command line printed and how it ended. */
export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Place {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A context in a folder and an environment of the test's own. It prints to nowhere, unless told otherwise. */
export function testContext({ cwd, env }: Place, more: Partial<Context> = {}): Context {
  return {
    out: () => undefined,
    write: async () => undefined,
    err: () => undefined,
    env,
    cwd,
    stdin: Readable.from([]),
    stdout: { isTTY: false, columns: undefined },
    signal: new AbortController().signal,
    version: "0.0.0",
    pachyderm: async (address) => findPachyderm(env, cwd, address),
    mlflow: async (uri, signal) => findMlflow(env, cwd, uri, signal),
    ...more,
  };
}

/** Runs `stemma` with these arguments in this process; `more` stands for what its context would have found. */
export async function stemma(argv: readonly string[], place: Place, more: Partial<Context> = {}): Promise<CommandResult> {
  let out = "";
  let err = "";
  const context = testContext(place, {
    out: (text) => (out += text),
    write: async (bytes) => void (out += Buffer.from(bytes).toString("utf8")),
    err: (text) => (err += text),
    ...more,
  });
  const code = await runProgram(context, argv);
  return { code, out, err };
}
