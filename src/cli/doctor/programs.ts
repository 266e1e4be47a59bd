import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { execa } from "execa";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where programs are looked for and run, and what ends them. */
export interface Surroundings {
  readonly env: Environment;
  readonly signal: AbortSignal;
}

/** A cold Spark takes ten seconds on a busy machine. */
const LIMIT_MS = 60_000;

/** The first program of this name on PATH. */
export async function findProgram(name: string, env: Environment): Promise<string | undefined> {
  for (const folder of (env["PATH"] ?? "").split(delimiter)) {
    const file = join(folder, name);
    if (folder !== "" && (await isProgram(file))) return file;
  }
  return undefined;
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch (error) {
    if (["ENOENT", "EACCES", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

/** What a program printed, on both streams, and whether it ended well. */
export interface ProgramResult {
  readonly isFine: boolean;
  readonly text: string;
}

/** Runs a program to its end, whatever that is, or until the signal is given. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { env, signal }: Surroundings,
): Promise<ProgramResult> {
  const { failed, all, shortMessage } = await execa(program, args, {
    env: { ...env },
    extendEnv: false,
    timeout: LIMIT_MS,
    reject: false,
    all: true,
    stdin: "ignore",
    cancelSignal: signal,
  });
  return { isFine: !failed, text: all || (failed ? (shortMessage ?? "") : "") };
}
