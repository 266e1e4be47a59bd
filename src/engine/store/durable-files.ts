import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { StemmaError } from "../../lineage/errors.ts";

/**
 * Makes a folder and those above it where they are missing; throws USAGE where it cannot. When this resolves, they are on the
 * disk: their entries, too.
 * One after the other, as mkdir's own `recursive` never ends where the system refuses with ENOENT, as below /proc.
 */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = [];
  for (let folder = resolve(path); !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  for (const folder of missing) {
    try {
      await mkdir(folder);
    } catch (error) {
      // Another one has made it meanwhile.
      if (existsSync(folder)) continue;
      throw new StemmaError("USAGE", `cannot make the folder ${folder}: ${(error as Error).message}.`, { cause: error });
    }
    await syncFolder(dirname(folder));
  }
}

/** Brings a folder's entries to the disk: what was made in it, or got another name, is then found after a loss of power. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}

/**
 * Writes a file that is whole or not there: it gets its name when its bytes are on the disk. The name itself is once the
 * folder was synced. Until then it is called `path` with UNFINISHED behind it, and at most one writer may be at work on a path.
 */
export async function writeWhole(path: string, data: Uint8Array): Promise<void> {
  const unfinished = path + UNFINISHED;
  try {
    // What a killed engine has left may be read-only already.
    await rm(unfinished, { force: true });
    await using file = await open(unfinished, "wx");
    await file.writeFile(data);
    // Never changed again; a command that gets here without namespaces is not to do it by mistake either.
    await file.chmod(0o444);
    await file.sync();
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** The same at once, for a small file that nobody else writes; its name, too, is on the disk when this returns. */
export function writeWholeSync(path: string, data: Uint8Array, mode: number): void {
  const unfinished = path + UNFINISHED;
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, data, { mode, flush: true });
  renameSync(unfinished, path);
  const folder = openSync(dirname(path), "r");
  fsyncSync(folder);
  closeSync(folder);
}

/** How the names of files end that are being written, or were when the engine was killed. */
export const UNFINISHED = ".part";
