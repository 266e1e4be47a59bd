import type { Edit } from "./tree.ts";

/** Sorts edits by key, which applying them asks for. */
export function inOrder(edits: Edit[]): Edit[] {
  return edits.sort((a, b) => (a.key < b.key ? -1 : 1));
}
