import type { StoredContent } from "../store/content-store.ts";
import type { FileOperation } from "../files/edits.ts";
import { Fault } from "../fault.ts";
import { type FileNode, USER_TAG, below, fromEntry, writersOf } from "../files/file-set.ts";
import { cleanPath } from "../pfs/names.ts";
import type { EngineState } from "../state.ts";
import { entries } from "../tree/tree.ts";
import { S3Error } from "./errors.ts";

/** A file of one root, as an object. */
export type ObjectNode = FileNode & { readonly content: StoredContent };

/** The object of a key. A folder is none, and neither is a key that PFS has no path for. */
export function findObject(state: EngineState, root: string, key: string): ObjectNode | undefined {
  const [entry] = entries(state.nodes, root, writersOf(`/${key}`));
  return entry && fromEntry(entry);
}

/** What puts content at a key, in the place of what was there. Throws InvalidFilePath where PFS has no room for it. */
export function putOperations(state: EngineState, root: string, key: string, content: StoredContent): FileOperation[] {
  const path = pathOf(key);
  refuseCollision(state, root, path);
  return [...removeOperations(state, root, key), { kind: "append", path, tag: USER_TAG, content }];
}

/** What removes the object of a key, whoever wrote it; nothing where there is none. */
export function removeOperations(state: EngineState, root: string, key: string): FileOperation[] {
  const files = [...entries(state.nodes, root, writersOf(`/${key}`))].map(fromEntry);
  return files.map(({ path, tag }) => ({ kind: "delete", path, tag }));
}

/** The path of an object that is to be written, or InvalidFilePath. */
export function pathOf(key: string): string {
  const path = `/${key}`;
  if (cleaned(path) === path) return path;
  throw new S3Error("InvalidFilePath", `the key "${key}" has an empty element, or a slash at its end: PFS has no such paths`);
}

function cleaned(path: string): string {
  try {
    return cleanPath(path);
  } catch (error) {
    if (error instanceof Fault) throw new S3Error("InvalidFilePath", error.message);
    throw error;
  }
}

/** PFS lets a path be a file or a directory, and would give up the commit; in S3 both keys are free. */
function refuseCollision(state: EngineState, root: string, path: string): void {
  const has = (range: { from: string; before: string }): boolean => entries(state.nodes, root, range).next().done !== true;
  if (has(below(`${path}/`))) throw new S3Error("InvalidFilePath", `${path} is a directory here, and cannot be a file too`);
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    const parent = path.slice(0, end);
    if (has(writersOf(parent))) throw new S3Error("InvalidFilePath", `${parent} is a file here, and cannot be a directory too`);
  }
}

/** As S3 shows a content hash. */
export function etagOf(hash: string): string {
  return `"${hash}"`;
}
