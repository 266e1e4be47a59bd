import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { StemmaError } from "../lineage/errors.ts";
import type { PachydermClient } from "../pachyderm/client.ts";
import type { CommitQuery } from "../pachyderm/types.ts";
import { untilAborted } from "./abortable.ts";

/** Files under way at once: most of a small file's time is waiting for the server. */
const PARALLEL = 8;

/** Files of a commit that are being fetched. */
export interface Download {
  readonly client: PachydermClient;
  readonly query: CommitQuery;
  readonly signal: AbortSignal;
}

/** All below a folder, into a folder here. */
export async function getFolder(download: Download, root: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files = download.client.walkFiles(download.query, root)[Symbol.asyncIterator]();
  const shared = { [Symbol.asyncIterator]: () => files };
  const work = async (): Promise<void> => {
    for await (const { path, type } of shared) {
      if (type === "FILE") await getFile(download, path, join(folder, relativePath(path, root)));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
}

/** Servers refuse `..` in paths; one that did not must not make us write elsewhere. */
function relativePath(path: string, root: string): string {
  const parts = path.slice(root === "/" ? 0 : root.length).split("/");
  if (parts.includes("..")) throw new StemmaError("INTEGRITY", `the server has a file named ${path}, which is refused.`);
  return join(...parts);
}

/** What is not wholly there gets no name. */
export async function getFile({ client, query, signal }: Download, path: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const part = `${target}.part`;
  try {
    await pipeline(Readable.from(untilAborted(client.readFile(query, path), signal)), createWriteStream(part));
    signal.throwIfAborted();
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
