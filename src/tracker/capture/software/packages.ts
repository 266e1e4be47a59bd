import type { Environment } from "../../ports.ts";
import { readDistributions } from "./distributions.ts";
import { type LockFile, readLockFiles } from "./lock-files.ts";
import { findNode, listNodePackages } from "./node-packages.ts";
import { findPython } from "./python.ts";

/** The packages that a command can use. */
export interface Packages {
  /** Whose packages the list holds. */
  readonly source: "python" | "node" | "lock files";
  /** Sorted lines as of `pip freeze`, `name==version`, and for Node `name@version`; empty when only lock files are known. */
  readonly list: string;
  /** Files that pin packages, of the working folder and of those above it in the checkout. */
  readonly lockFiles: readonly LockFile[];
}

/** Reads what is installed for a command from files, without starting anything; undefined when nothing is known. */
export async function readPackages(command: readonly string[], cwd: string, env: Environment): Promise<Packages | undefined> {
  const [lockFiles, python] = await Promise.all([readLockFiles(cwd), findPython(command, cwd, env)]);
  if (python !== undefined) {
    const distributions = await readDistributions(python.packageFolders);
    return { source: "python", list: toText(distributions.map(({ name, version }) => `${name}==${version}`)), lockFiles };
  }
  const lines = (await findNode(command, cwd, env)) === undefined ? undefined : await listNodePackages(cwd);
  if (lines !== undefined) return { source: "node", list: toText(lines), lockFiles };
  return lockFiles.length === 0 ? undefined : { source: "lock files", list: "", lockFiles };
}

function toText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
