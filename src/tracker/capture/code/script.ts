import { extname, resolve } from "node:path";
import { findHead, findSha256, findSize } from "../files.ts";
import { foldersToTop } from "./working-tree.ts";

/** The program's own text, as it was when the command ran. */
export interface Script {
  /** As the command names it. */
  readonly path: string;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

const SHAPES: ReadonlySet<string> = new Set([
  ".py",
  ".r",
  ".sh",
  ".jar",
  ".js",
  ".mjs",
  ".cjs",
  ".ts",
  ".ipynb",
  ".jl",
  ".scala",
]);
/** Options of Spark and Java whose values are files that are not the program. */
const OTHER_FILES =
  /^(?:--(?:py-files|jars|files|archives|driver-class-path|properties-file|packages)|-cp|-classpath|--class-path)$/;

/**
 * The script that a command runs: itself, if it is one within the working tree, or the first of its words that names a file
 * with a script's ending.
 */
export async function readScript(command: readonly string[], cwd: string): Promise<Script | undefined> {
  const [program = "", ...words] = command;
  const script = (await isOwnScript(program, cwd)) ? program : await firstScript(words, cwd);
  const sha256 = script === undefined ? undefined : await findSha256(resolve(cwd, script));
  return script === undefined || sha256 === undefined ? undefined : { path: script, sha256 };
}

/** A path in the tree that the work goes on in, with a script's ending or its first line. What is installed is no own script. */
async function isOwnScript(program: string, cwd: string): Promise<boolean> {
  const path = resolve(cwd, program);
  const tree = (await foldersToTop(cwd)).at(-1) ?? cwd;
  const isOwn = program.includes("/") && path.startsWith(`${tree}/`) && !/\/(?:\.?venv|node_modules|site-packages)\//.test(path);
  if (!isOwn || (await findSize(path)) === undefined) return false;
  return SHAPES.has(extname(path).toLowerCase()) || (await findHead(path, 2)) === "#!";
}

async function firstScript(words: readonly string[], cwd: string): Promise<string | undefined> {
  for (const [index, word] of words.entries()) {
    const mayBe = SHAPES.has(extname(word).toLowerCase()) && !word.startsWith("-") && !OTHER_FILES.test(words[index - 1] ?? "");
    if (mayBe && (await findSize(resolve(cwd, word))) !== undefined) return word;
  }
  return undefined;
}
