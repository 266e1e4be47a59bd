import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, opendir, realpath, rename, rm } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { notFound, refused } from "../fault.ts";
import { type UrlAccess, type UrlScheme, type UrlSource, type UrlTarget, parseUrl, shown } from "./access.ts";

/** Files of the machine that the engine runs on. Links are followed as far as they lead to where it may go. */
export const FILE_URLS: UrlScheme = {
  async *read(url: URL, access: UrlAccess, recursive: boolean): AsyncIterableIterator<UrlSource> {
    const folders = await allowedFolders(access);
    yield* readBelow(fileURLToPath(url), "", { url, folders, recursive });
  },

  async write(url: URL, access: UrlAccess, files: Iterable<UrlTarget>): Promise<void> {
    const folders = await allowedFolders(access);
    const root = fileURLToPath(url);
    for (const file of files) await writeFile(join(root, file.name), file, folders);
  },
};

interface Reading {
  readonly url: URL;
  /** Real paths: what is read must lie in one of them. */
  readonly folders: readonly string[];
  readonly recursive: boolean;
}

/** The allowed folders as they are without links; one that is not there allows nothing. */
async function allowedFolders({ prefixes }: UrlAccess): Promise<string[]> {
  const paths = prefixes.map(parseUrl).filter(({ protocol }) => protocol === "file:");
  const found = await Promise.allSettled(paths.map((url) => realpath(fileURLToPath(url))));
  return found.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

/** `above` are the real paths of the folders that it lies in. */
async function* readBelow(
  path: string,
  name: string,
  reading: Reading,
  above: readonly string[] = [],
): AsyncIterableIterator<UrlSource> {
  const real = await realPath(path, reading);
  if (above.includes(real)) throw refused(`${path} leads back to ${real}, which it lies in`);
  await using file = await openWithoutLinks(real);
  const info = await file.stat();
  if (info.isFile()) {
    yield { name, content: file.createReadStream({ autoClose: false }) };
    return;
  }
  if (!info.isDirectory()) throw refused(`${path} is neither a file nor a folder`);
  if (!reading.recursive) throw refused(`${shown(reading.url)} is a folder: ask for it with recursive`);
  const entries = await Array.fromAsync(await opendir(real), (entry) => entry.name);
  for (const entry of entries.sort()) yield* readBelow(join(path, entry), join(name, entry), reading, [...above, real]);
}

async function realPath(path: string, { folders }: Reading): Promise<string> {
  const real = await realpath(path).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT" ? notFound(`there is no file ${path}`) : refused(`${path} cannot be read (${error.code})`);
  });
  requireInside(real, path, folders);
  return real;
}

function requireInside(real: string, path: string, folders: readonly string[]): void {
  const isInside = folders.some((folder) => real === folder || real.startsWith(folder.endsWith(sep) ? folder : folder + sep));
  if (!isInside) throw refused(`${path} leads to ${real}, which is outside of what --allow-url allows`);
}

/** Opens what a real path names. A link that was put there meanwhile is not followed. */
async function openWithoutLinks(real: string): Promise<FileHandle> {
  const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => {
      throw refused(`${real} cannot be read (${error.code})`);
    },
  );
  if ((await realpath(real)) === real) return file;
  await file.close();
  throw refused(`${real} was replaced by a link while it was opened`);
}

/** The file is there whole or not at all. */
async function writeFile(path: string, { content }: UrlTarget, folders: readonly string[]): Promise<void> {
  const folder = dirname(path);
  requireInside(await realParent(folder), folder, folders);
  await mkdir(folder, { recursive: true });
  const real = await realpath(folder);
  requireInside(real, folder, folders);
  const target = join(real, path.slice(folder.length + 1));
  const unfinished = `${target}.${randomUUID()}.part`;
  try {
    await using file = await open(
      unfinished,
      constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW,
      0o666,
    );
    await file.writeFile(content());
    await file.sync();
    await rename(unfinished, target);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** The real path of the innermost folder that is there: what is made in it lies there too. */
async function realParent(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(folder) === folder) throw error;
    return realParent(dirname(folder));
  }
}
