import { createHash } from "node:crypto";
import { type Dirent, createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { StemmaError } from "../../lineage/errors.ts";
import { artifactPathProblem } from "../../mlflow/artifact-path.ts";
import type { Complaints } from "./complaints.ts";
import type { Parcel } from "../delivery/delivery.ts";

/** A file that a command left as an artifact of its run. */
export interface FoundArtifact {
  /** Relative, with slashes. */
  readonly path: string;
  readonly file: string;
  readonly sizeBytes: number;
}

const AT_A_TIME = 4;

/** All files below a folder, sorted by path, symbolic links to files followed. Complains of those that MLflow cannot keep. */
export async function findArtifacts(folder: string, complaints: Complaints): Promise<FoundArtifact[]> {
  const found: FoundArtifact[] = [];
  for (const entry of await readFolder(folder, complaints)) {
    if (entry.isDirectory()) continue;
    const file = join(entry.parentPath, entry.name);
    const path = relative(folder, file).split(sep).join("/");
    const sizeBytes = await sizeOfFile(file);
    const problem = sizeBytes === undefined ? "it is no file" : artifactPathProblem(path);
    if (problem !== undefined) complaints.add("artifacts", undefined, `${JSON.stringify(path)} cannot be kept, ${problem}`);
    else if (sizeBytes !== undefined) found.push({ path, file, sizeBytes });
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Artifacts that are sent four at a time; sending again sends those that remain. */
export interface ArtifactParcel extends Parcel {
  readonly delivered: () => readonly FoundArtifact[];
}

export function artifactParcel(
  artifacts: readonly FoundArtifact[],
  put: (artifact: FoundArtifact) => Promise<void>,
): ArtifactParcel {
  const undone = new Set(artifacts);
  return {
    kind: "artifacts",
    count: () => undone.size,
    delivered: () => artifacts.filter((artifact) => !undone.has(artifact)),
    send: async () => {
      const queue = Array.from(undone).values();
      const failures: StemmaError[] = [];
      const work = async (): Promise<void> => {
        for (const artifact of queue) {
          const failure = await failureOf(put(artifact));
          if (failure === undefined) undone.delete(artifact);
          else failures.push(failure);
          if (failures.some(isUnreachable)) return;
        }
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, work));
      const failure = failures.find(isUnreachable) ?? failures[0];
      if (failure !== undefined) throw failure;
    },
  };
}

export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

async function failureOf(promise: Promise<void>): Promise<StemmaError | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (error instanceof StemmaError) return error;
    throw error;
  }
}

function isUnreachable(error: StemmaError): boolean {
  return error.code === "UNREACHABLE";
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

async function sizeOfFile(file: string): Promise<number | undefined> {
  try {
    const status = await stat(file);
    return status.isFile() ? status.size : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined; // a link to nowhere
    throw error;
  }
}
