import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { artifactPathProblem } from "../../mlflow/artifact-path.ts";
import type { Complaints } from "./complaints.ts";

/** A file that a command left as an artifact of its run. */
export interface FoundArtifact {
  /** Relative, with slashes. */
  readonly path: string;
  readonly file: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/**
 * All files below a folder, sorted by path. Complains of those that MLflow cannot keep, and of symbolic links that lead out
 * of the folder: they could carry off anything that the tracker may read.
 */
export async function findArtifacts(folder: string, complaints: Complaints): Promise<FoundArtifact[]> {
  const found: FoundArtifact[] = [];
  for (const entry of await readFolder(folder, complaints)) {
    if (entry.isDirectory()) continue;
    const path = relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/");
    const artifact = await lookAt(folder, path, entry.isSymbolicLink());
    if (typeof artifact === "string")
      complaints.add("artifacts", undefined, `${JSON.stringify(path)} cannot be kept, ${artifact}`);
    else if (artifact !== undefined) found.push(artifact);
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The artifact, or why it cannot be one; undefined when it has vanished. */
async function lookAt(folder: string, path: string, isLink: boolean): Promise<FoundArtifact | string | undefined> {
  const file = join(folder, path);
  try {
    if (isLink && !(await realpath(file)).startsWith(`${await realpath(folder)}${sep}`))
      return "it is a symbolic link out of the folder";
    const status = await stat(file);
    if (!status.isFile()) return "it is no file";
    return artifactPathProblem(path) ?? { path, file, sizeBytes: status.size, modifiedMs: status.mtimeMs };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    if (code === "ENOENT") return isLink ? "it is a symbolic link to nowhere" : undefined;
    return code;
  }
}

async function readFolder(folder: string, complaints: Complaints): Promise<Dirent[]> {
  try {
    return await readdir(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    complaints.add("artifacts", undefined, `the folder cannot be read, ${code}`);
    return [];
  }
}
