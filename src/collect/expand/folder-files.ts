import { StemmaError } from "../../lineage/errors.ts";
import type { CommitIdentity, Urn } from "../../lineage/urn.ts";
import { formatUrn } from "../../lineage/urn.ts";
import type { FileInfo } from "../../pachyderm/types.ts";
import { commitName } from "../nodes.ts";
import type { PachydermSource } from "../ports.ts";

/** Files below one folder that are told apart. Beyond, the commit stands for them. */
export const MAX_FILES_BELOW = 10_000;

/** When more folders of a commit are asked for, it is cheaper to read all of it once. */
const MAX_SINGLE_FOLDERS = 8;

/** What lies below folders. */
export class FolderFiles {
  readonly #source: PachydermSource;
  readonly #folders = new Map<string, readonly FileInfo[] | undefined>();
  readonly #gone = new Set<Urn>();

  constructor(source: PachydermSource) {
    this.#source = source;
  }

  /** Reads these folders of a commit, with as few calls as may be. */
  async read(commit: CommitIdentity, folders: ReadonlySet<string>): Promise<void> {
    const urn = formatUrn(commit);
    try {
      if (folders.size > MAX_SINGLE_FOLDERS) await this.#readWhole(commit, urn, folders);
      else for (const folder of folders) this.#folders.set(keyOf(urn, folder), await filesBelow(this.#source, commit, folder));
    } catch (error) {
      // A commit may be squashed while the job that used it stays.
      if (!(error instanceof StemmaError) || error.code !== "NOT_FOUND") throw error;
      this.#gone.add(urn);
    }
  }

  /** The files below a folder that was read, or undefined when they are not told apart. */
  below(commit: Urn, folder: string): readonly FileInfo[] | undefined {
    return this.#folders.get(keyOf(commit, folder));
  }

  /** Why the files below a folder are not told apart. */
  whyWhole(commit: Urn): string {
    const why = this.#gone.has(commit) ? "the files that it read are gone" : `it read more than ${MAX_FILES_BELOW} files`;
    return `${why}, so the whole commit stands for them`;
  }

  async #readWhole(commit: CommitIdentity, urn: Urn, folders: ReadonlySet<string>): Promise<void> {
    const found = new Map<string, FileInfo[]>([...folders].map((folder) => [folder, []]));
    const { repo, id } = commitName(commit);
    for await (const file of this.#source.walkFiles({ repo, at: id }, "/")) {
      if (file.type !== "FILE") continue;
      for (const folder of foldersAbove(file.path)) {
        const files = found.get(folder);
        if (files !== undefined && files.length <= MAX_FILES_BELOW) files.push(file);
      }
    }
    for (const [folder, files] of found)
      this.#folders.set(keyOf(urn, folder), files.length > MAX_FILES_BELOW ? undefined : files);
  }
}

/** The files below a folder, or undefined when there are more than `MAX_FILES_BELOW`. */
export async function filesBelow(
  source: PachydermSource,
  commit: CommitIdentity,
  folder: string,
): Promise<readonly FileInfo[] | undefined> {
  const { repo, id } = commitName(commit);
  const files: FileInfo[] = [];
  for await (const file of source.walkFiles({ repo, at: id }, folder)) {
    if (file.type !== "FILE") continue;
    if (files.length === MAX_FILES_BELOW) return undefined;
    files.push(file);
  }
  return files;
}

/** `/a/b/c` lies in `/`, `/a/` and `/a/b/`. */
function foldersAbove(path: string): readonly string[] {
  const parts = path.split("/").slice(1, -1);
  return ["/", ...parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}/`)];
}

function keyOf(commit: Urn, folder: string): string {
  return `${commit}:${folder}`;
}
