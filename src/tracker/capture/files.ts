import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, constants, open, readFile, readdir, realpath, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

/**
 * Resolves to undefined where the file system refuses: what is not there, vanishes or is not ours to read is not known, and
 * nothing that looks around may stop for it.
 */
async function unlessRefused<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (error) {
    if (error instanceof Error && "syscall" in error) return undefined;
    throw error;
  }
}

/** A file's text, or undefined where it cannot be read. */
export async function findText(path: string): Promise<string | undefined> {
  return unlessRefused(readFile(path, "utf8"));
}

/** A file's first bytes as text, or undefined where it cannot be read. */
export async function findHead(path: string, sizeBytes: number): Promise<string | undefined> {
  return unlessRefused(readHead(path, sizeBytes));
}

async function readHead(path: string, sizeBytes: number): Promise<string> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(sizeBytes), 0, sizeBytes);
  return buffer.toString("utf8", 0, bytesRead);
}

/** Where a path leads when all links are followed, or undefined where it leads nowhere. */
export async function findRealPath(path: string): Promise<string | undefined> {
  return unlessRefused(realpath(path));
}

/** The names in a folder, sorted; none where it cannot be read. */
export async function findNames(folder: string): Promise<string[]> {
  const names = await unlessRefused(readdir(folder));
  return (names ?? []).sort();
}

/** The size of a regular file, or undefined where there is none. */
export async function findSize(path: string): Promise<number | undefined> {
  const found = await unlessRefused(stat(path));
  return found?.isFile() === true ? found.size : undefined;
}

/** Whether there is anything at a path. */
export async function isThere(path: string): Promise<boolean> {
  return (await unlessRefused(stat(path))) !== undefined;
}

/** Whether a path is a regular file that we may execute. */
export async function isProgram(path: string): Promise<boolean> {
  return (await findSize(path)) !== undefined && (await unlessRefused(access(path, constants.X_OK).then(() => true))) === true;
}

/** The digest of a file's content in hexadecimal digits, or undefined where it cannot be read. */
export async function findSha256(path: string): Promise<string | undefined> {
  const hash = createHash("sha256");
  return unlessRefused(pipeline(createReadStream(path), hash).then(() => hash.digest("hex")));
}

/** The folders from this one up to the root. */
export function foldersUpwards(folder: string): string[] {
  const parts = folder.split("/").filter(Boolean);
  return Array.from({ length: parts.length + 1 }, (_, index) => `/${parts.slice(0, parts.length - index).join("/")}`);
}
