import { join, relative } from "node:path";
import { findSha256, findSize } from "../files.ts";
import { foldersToTop } from "../code/working-tree.ts";

/** A file that pins the packages of the code beside it. */
export interface LockFile {
  /** From the working folder. */
  readonly path: string;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

const NAMES = (
  "uv.lock poetry.lock Pipfile.lock pdm.lock conda-lock.yml requirements.txt package-lock.json pnpm-lock.yaml yarn.lock " +
  "Cargo.lock go.sum"
).split(" ");
const MOST_BYTES = 5 * 2 ** 20;

/** The lock files of a folder and of those above, up to the top of its git checkout; nearest first. */
export async function readLockFiles(cwd: string): Promise<LockFile[]> {
  const folders = await foldersToTop(cwd);
  const paths = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = await Promise.all(paths.map((path) => readLockFile(path, cwd)));
  return found.filter((file) => file !== undefined);
}

async function readLockFile(path: string, cwd: string): Promise<LockFile | undefined> {
  const size = await findSize(path);
  const sha256 = size === undefined || size > MOST_BYTES ? undefined : await findSha256(path);
  return sha256 === undefined ? undefined : { path: relative(cwd, path), sha256 };
}
