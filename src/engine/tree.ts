/**
 * A persistent sorted map from key to entry, kept as a Merkle search tree: every version shares the nodes that it has in
 * common with others, and equal content has an equal root whatever the order of the edits that led to it.
 */
export { EMPTY_ROOT } from "./tree-node.ts";
export type { Entry, NodeStore } from "./tree-node.ts";
export { applyEdits } from "./tree-edit.ts";
export type { Edit } from "./tree-edit.ts";
export { entries, findEntry, firstKeyFrom, measure } from "./tree-walk.ts";
export { diff } from "./tree-diff.ts";
