import { basename, dirname, join } from "node:path";
import { findNames, findText, foldersUpwards, isProgram } from "../files.ts";
import { type Place, findProgram } from "./programs.ts";

/** What a shim of pyenv would start: the program of the version that is chosen by variable, folder or for all. */
export async function followShim(path: string, { cwd, env }: Place): Promise<string | undefined> {
  const folder = dirname(path);
  if (basename(folder) !== "shims") return path;
  const root = dirname(folder);
  const installed = await findNames(join(root, "versions"));
  for (const wanted of await chosenVersions(root, { cwd, env })) {
    const version = installed.includes(wanted) ? wanted : installed.findLast((name) => name.startsWith(`${wanted}.`));
    const program = join(root, "versions", version ?? wanted, "bin", basename(path));
    if (await isProgram(program)) return program;
  }
  return findProgram(basename(path), { cwd, env: { ...env, PATH: pathWithout(folder, env["PATH"] ?? "") } });
}

async function chosenVersions(root: string, { cwd, env }: Place): Promise<string[]> {
  if (env["PYENV_VERSION"]) return env["PYENV_VERSION"].split(":");
  const files = [...foldersUpwards(cwd).map((folder) => join(folder, ".python-version")), join(root, "version")];
  for (const file of files) {
    const text = await findText(file);
    if (text !== undefined) return text.split(/\s+/).filter(Boolean);
  }
  return [];
}

function pathWithout(folder: string, path: string): string {
  return path
    .split(":")
    .filter((entry) => entry !== folder)
    .join(":");
}
