import { readdir, stat } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { StemmaError } from "../lineage/errors.ts";

/** A table to read, and what its parts are to be called. */
export interface RawFile {
  readonly path: string;
  /** Below the folder that was asked for, with `.csv` at the end. */
  readonly name: string;
}

/** Lists a file, or all files below a folder sorted by path, without hidden ones. Throws NOT_FOUND, and USAGE when there is none. */
export async function listRawFiles(from: string): Promise<RawFile[]> {
  const paths = await listPaths(from);
  if (paths.length === 0) throw new StemmaError("USAGE", `${from} has no file to read.`);
  const files = paths.map((path) => ({ path, name: withCsv(path === from ? basename(path) : relative(from, path)) }));
  const seen = new Map<string, string>();
  for (const { path, name } of files) {
    const other = seen.get(name);
    if (other !== undefined) throw new StemmaError("USAGE", `${other} and ${path} would both be written as ${name}.`);
    seen.set(name, path);
  }
  return files;
}

async function listPaths(from: string): Promise<string[]> {
  const found = await stat(from).catch((cause: unknown) => {
    throw new StemmaError("NOT_FOUND", `no file or folder ${from}.`, { cause });
  });
  if (!found.isDirectory()) return [from];
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  return entries
    .filter(
      (entry) =>
        !entry.isDirectory() &&
        !relative(from, join(entry.parentPath, entry.name))
          .split("/")
          .some((part) => part.startsWith(".")),
    )
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

function withCsv(name: string): string {
  return /\.csv$/i.test(name) ? name : `${name}.csv`;
}
