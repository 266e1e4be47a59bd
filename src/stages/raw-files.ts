import { readdir, stat } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { StemmaError } from "../lineage/errors.ts";

/** What the name of a raw file that is not called `.csv` gets at its end; the next stage reads only files that are. */
const MADE = ".raw.csv";

/** A table to read, and what its parts are to be called. */
export interface RawFile {
  readonly path: string;
  /** Below the folder that was asked for, with `.csv` at the end, and never that of another raw file. */
  readonly name: string;
}

/** Lists a file, or all files below a folder sorted by path, without hidden ones. Throws NOT_FOUND, and USAGE when there is none. */
export async function listRawFiles(from: string): Promise<RawFile[]> {
  const paths = await listPaths(from);
  if (paths.length === 0) throw new StemmaError("USAGE", `${from} has no file to read.`);
  return paths.map((path) => ({ path, name: csvName(path === from ? basename(path) : relative(from, path)) }));
}

/** The bytes of all together. */
export async function sizeOf(files: readonly RawFile[]): Promise<number> {
  const stats = await Promise.all(files.map(({ path }) => stat(path)));
  return stats.reduce((sum, { size }) => sum + size, 0);
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

/** `day` and `day.csv` may be in different datums, which know nothing of each other, so a name that is made is never one that is kept. */
function csvName(name: string): string {
  return name.endsWith(".csv") && !name.endsWith(MADE) ? name : `${name}${MADE}`;
}
