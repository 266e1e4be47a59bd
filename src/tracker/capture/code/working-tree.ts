import { join, resolve } from "node:path";
import { foldersUpwards, isThere } from "../files.ts";

/** The folders from this one up to the top of its git checkout; outside of one, only itself. */
export async function foldersToTop(cwd: string): Promise<string[]> {
  const folders = foldersUpwards(resolve(cwd));
  for (const [index, folder] of folders.entries()) {
    if (await isThere(join(folder, ".git"))) return folders.slice(0, index + 1);
  }
  return folders.slice(0, 1);
}
