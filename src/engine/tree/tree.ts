/**
 * A persistent sorted map from key to entry, kept as a Merkle search tree: every version shares the nodes that it has in
 * common with others, and equal content has an equal root whatever the order of the edits that led to it.
 */
export { EMPTY_ROOT } from "./node.ts";
export type { Entry, NodeStore } from "./node.ts";
export { applyEdits } from "./edit.ts";
export type { Edit } from "./edit.ts";
export { entries, findEntry, firstKeyFrom, measure } from "./walk.ts";
export { diff } from "./diff.ts";
