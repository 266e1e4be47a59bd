import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join, resolve, sep } from "node:path";
import { type Readable, addAbortSignal } from "node:stream";
import { StemmaError } from "../lineage/errors.ts";

/** A file to put: where it is, `undefined` for standard input, and what its path in the commit will be. */
export interface Upload {
  readonly source: string | undefined;
  readonly path: string;
}

const PIECE_BYTES = 1024 * 1024;

/**
 * Finds the files that are meant, folders' with all below, in the order of their paths. `target` is a file's new path, or
 * where it ends in a slash or there are several, the folder that they go into. Throws USAGE or NOT_FOUND.
 */
export async function findUploads(cwd: string, files: readonly string[], target = "/"): Promise<Upload[]> {
  const folder = target.endsWith("/") ? target : `${target}/`;
  const isNewPath = files.length === 1 && !target.endsWith("/");
  const found: Upload[] = [];
  for (const file of files) found.push(...(await uploadsOf(cwd, file, folder, isNewPath ? target : undefined)));
  const uploads = found.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const twice = uploads.find((upload, index) => upload.path === uploads[index + 1]?.path);
  if (twice !== undefined)
    throw new StemmaError("USAGE", `two of the files would become ${twice.path}.`, { hint: "Put them one by one." });
  if (uploads.length === 0) throw new StemmaError("USAGE", `there are no files in ${files.join(", ")}.`);
  return uploads;
}

/** A file's bytes, in pieces. The signal ends it also while it waits, as standard input may for long. */
export async function* readUpload(
  { source }: Upload,
  { stdin, signal }: { stdin: Readable; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const stream = source === undefined ? stdin : createReadStream(source, { highWaterMark: PIECE_BYTES });
  try {
    yield* addAbortSignal(signal, stream) as AsyncIterable<Uint8Array>;
  } catch (error) {
    signal.throwIfAborted();
    throw new StemmaError("FAILED", `${source ?? "standard input"} can't be read: ${(error as Error).message}`, { cause: error });
  }
}

async function uploadsOf(cwd: string, file: string, folder: string, newPath: string | undefined): Promise<Upload[]> {
  if (file === "-") {
    if (newPath !== undefined) return [{ source: undefined, path: newPath }];
    throw new StemmaError("USAGE", "standard input has no name.", {
      hint: "Give it one, as in REPO@BRANCH:/PATH, and put it alone.",
    });
  }
  const source = resolve(cwd, file);
  const found = await stat(source).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR")
      throw new StemmaError("NOT_FOUND", `there is no file ${file}.`, { cause: error });
    throw new StemmaError("FAILED", `${file} can't be read: ${error.message}`, { cause: error });
  });
  if (found.isDirectory()) return uploadsIn(source, folder);
  return [{ source, path: newPath ?? folder + basename(source) }];
}

async function uploadsIn(root: string, folder: string): Promise<Upload[]> {
  const names = await readdir(root, { recursive: true });
  const uploads: Upload[] = [];
  for (const name of names) {
    const source = join(root, name);
    if ((await stat(source)).isFile()) uploads.push({ source, path: folder + name.split(sep).join("/") });
  }
  return uploads;
}
