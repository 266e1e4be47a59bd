import { basename, delimiter, join, resolve } from "node:path";
import type { Environment } from "../../ports.ts";
import { findHead, isProgram } from "../files.ts";

/** What a command is looked up in. */
export interface Place {
  readonly cwd: string;
  readonly env: Environment;
}

/** Programs that start another, and their options that take a word of their own. */
const STARTERS: Readonly<Record<string, readonly string[]>> = {
  env: ["-u", "-C"],
  nice: ["-n"],
  ionice: ["-c", "-n"],
  stdbuf: ["-i", "-o", "-e"],
  nohup: [],
  setsid: [],
  time: ["-f", "-o"],
};

/** A command without the programs that only start another: `env A=b nice python x.py` is `python x.py` where A is b. */
export function unwrap(command: readonly string[], env: Environment): { command: readonly string[]; env: Environment } {
  const [program = "", ...words] = command;
  const name = basename(program);
  const options = Object.hasOwn(STARTERS, name) ? STARTERS[name] : undefined;
  if (options === undefined) return { command, env };
  const variables: Record<string, string> = {};
  let index = 0;
  for (; index < words.length; index += 1) {
    const word = words[index] ?? "";
    const [, variable, value = ""] = /^([A-Za-z_]\w*)=([^]*)$/.exec(word) ?? [];
    if (options.includes(word)) index += 1;
    else if (variable !== undefined) variables[variable] = value;
    else if (!word.startsWith("-")) break;
  }
  return unwrap(words.slice(index), { ...env, ...variables });
}

/** Where a program is: by its path, or the first of that name on PATH; its links are not followed. */
export async function findProgram(name: string, { cwd, env }: Place): Promise<string | undefined> {
  for (const path of candidates(name, { cwd, env })) if (await isProgram(path)) return path;
  return undefined;
}

function candidates(name: string, { cwd, env }: Place): string[] {
  if (name === "") return [];
  if (name.includes("/")) return [resolve(cwd, name)];
  return (env["PATH"] ?? "").split(delimiter).map((folder) => resolve(cwd, join(folder, name)));
}

const LONGEST_LINE = 512;

/** The program, with its words, that the first line of a script names; undefined where the file is no script. */
export async function readShebang(path: string): Promise<readonly string[] | undefined> {
  const head = await findHead(path, LONGEST_LINE);
  if (head?.startsWith("#!") !== true) return undefined;
  const [line = "", second = ""] = head.slice(2).split("\n");
  // So pip writes it where the path is too long for the system, or has blanks.
  const long = /^'''exec' "?([^"]+?)"? "\$0"/.exec(second);
  if (long?.[1] !== undefined) return [long[1]];
  const words = line.trim().split(/\s+/);
  return basename(words[0] ?? "") === "env" ? words.slice(1).filter((word) => !word.startsWith("-")) : words;
}
