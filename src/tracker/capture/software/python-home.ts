import { basename, dirname, join } from "node:path";
import type { Environment } from "../../ports.ts";
import { findNames, findRealPath, findText } from "../files.ts";

/** An installation of Python, or a virtual environment. */
export interface Python {
  readonly program: string;
  /** As its files tell it, if they do. */
  readonly version: string | undefined;
  /** Folders with packages, in the order in which Python looks; some may not exist. */
  readonly packageFolders: readonly string[];
}

/** Reads what an interpreter's files tell of it: `pyvenv.cfg` beside it makes it one of a virtual environment. */
export async function readPython(program: string, env: Environment): Promise<Python> {
  const prefix = dirname(dirname(program));
  const added = (env["PYTHONPATH"] ?? "").split(":").filter(Boolean);
  const settings = parseSettings((await findText(join(prefix, "pyvenv.cfg"))) ?? "");
  const base = await readBase(program, env);
  if (!settings.has("home")) return { program, version: base.version, packageFolders: [...added, ...base.packageFolders] };
  const version = /^\d+\.\d+\.\d+/.exec(settings.get("version") ?? settings.get("version_info") ?? "")?.[0] ?? base.version;
  const own = libraryFolders(prefix, (await findMinor(prefix)) ?? base.minor, "site-packages");
  const isOpen = settings.get("include-system-site-packages") === "true";
  return { program, version, packageFolders: [...added, ...own, ...(isOpen ? base.packageFolders : [])] };
}

/** Lines `key = value`. */
function parseSettings(text: string): Map<string, string> {
  const lines = text.split("\n").filter((line) => line.includes("="));
  return new Map(
    lines.map((line) => line.split("=").map((part) => part.trim())).map(([key = "", ...value]) => [key, value.join("=")]),
  );
}

interface Base extends Pick<Python, "version" | "packageFolders"> {
  /** As `3.11`. */
  readonly minor: string | undefined;
}

/** The installation that a program belongs to when its links are followed: never a virtual environment. */
async function readBase(program: string, env: Environment): Promise<Base> {
  const real = (await findRealPath(program)) ?? program;
  const prefix = dirname(dirname(real));
  const minor = /\d+\.\d+/.exec(basename(real))?.[0] ?? (await findMinor(prefix));
  const user = env["PYTHONUSERBASE"] || (env["HOME"] ? join(env["HOME"], ".local") : undefined);
  const packageFolders = [
    ...(user === undefined || env["PYTHONNOUSERSITE"] ? [] : libraryFolders(user, minor, "site-packages")),
    // Debian's own Python has its packages in folders of their own.
    ...(prefix === "/usr" ? libraryFolders("/usr/local", minor, "dist-packages") : []),
    ...(prefix === "/usr" ? ["/usr/lib/python3/dist-packages"] : []),
    ...libraryFolders(prefix, minor, "site-packages"),
  ];
  return { version: minor === undefined ? undefined : await readPatchLevel(prefix, minor), minor, packageFolders };
}

function libraryFolders(prefix: string, minor: string | undefined, kind: string): string[] {
  return minor === undefined ? [] : ["lib", "lib64"].map((folder) => join(prefix, folder, `python${minor}`, kind));
}

/** The version whose library is there. */
async function findMinor(prefix: string): Promise<string | undefined> {
  const names = await findNames(join(prefix, "lib"));
  return names.map((name) => /^(?:python|pypy)(\d+\.\d+)$/.exec(name)?.[1]).findLast((minor) => minor !== undefined);
}

/** The whole version stands in a header, where there is one. */
async function readPatchLevel(prefix: string, minor: string): Promise<string | undefined> {
  const folders = (await findNames(join(prefix, "include"))).filter((name) => name.startsWith(`python${minor}`));
  for (const folder of folders) {
    const header = await findText(join(prefix, "include", folder, "patchlevel.h"));
    const found = /^#define PY_VERSION\s+"([^"]+)"/m.exec(header ?? "")?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}
