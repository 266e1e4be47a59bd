import { basename, join } from "node:path";
import type { Environment } from "../../ports.ts";
import { findText, foldersUpwards } from "../files.ts";
import { findProgram, readShebang, unwrap } from "./programs.ts";

/** The Node that a command will run, or undefined when it runs none. */
export async function findNode(command: readonly string[], cwd: string, env: Environment): Promise<string | undefined> {
  const inner = unwrap(command, env);
  const place = { cwd, env: inner.env };
  const [program = ""] = inner.command;
  if (basename(program) === "node") return findProgram(program, place);
  const path = await findProgram(program, place);
  const shebang = path === undefined ? undefined : await readShebang(path);
  return basename(shebang?.[0] ?? "") === "node" ? findProgram(shebang?.[0] ?? "", place) : undefined;
}

/** What npm installed for the code in a folder, as sorted lines `name@version`; undefined where it installed nothing. */
export async function listNodePackages(cwd: string): Promise<string[] | undefined> {
  for (const folder of foldersUpwards(cwd)) {
    const text = await findText(join(folder, "node_modules", ".package-lock.json"));
    if (text !== undefined) return [...new Set(parseLock(text))].sort();
  }
  return undefined;
}

function parseLock(text: string): string[] {
  let lock: unknown;
  try {
    lock = JSON.parse(text);
  } catch {
    // npm was interrupted: what is installed is not known.
    return [];
  }
  const packages = (lock as { packages?: Record<string, { version?: string }> } | null)?.packages ?? {};
  return Object.entries(packages).flatMap(([path, { version }]) => {
    const name = path.split("node_modules/").at(-1) ?? "";
    return version === undefined || name === "" ? [] : [`${name}@${version}`];
  });
}
