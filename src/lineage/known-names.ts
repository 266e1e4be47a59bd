import type { LineageIndex } from "./store/lineage-index.ts";
import type { NodeKind } from "./urn.ts";

/** `project/repo` of every repo of which the index has a commit or a branch. */
export function knownRepos(index: LineageIndex): readonly string[] {
  const names = [...knownOwners(index, "commit"), ...scopes(index, "branch:")];
  return [...new Set(names.filter((name) => !name.includes(".")))].sort();
}

/** `project/pipeline` of every pipeline of which the index has a job or a version. */
export function knownPipelines(index: LineageIndex): readonly string[] {
  return [...new Set([...knownOwners(index, "job"), ...knownOwners(index, "pipeline", "#")])].sort();
}

/** The names of registered models, as they are in URNs. */
export function knownModels(index: LineageIndex): readonly string[] {
  return knownOwners(index, "model-version", "/").map((name) => decodeURIComponent(name));
}

/** The names that point at something now, such as the branches of a repo. */
export function labelNames(index: LineageIndex, scope: string): readonly string[] {
  return index
    .all<{ name: string }>("SELECT DISTINCT name FROM label WHERE scope = ? AND until IS NULL ORDER BY name", scope)
    .map(({ name }) => name);
}

/** A commit, job or pipeline as others are told of it: without the project where that is "default". */
export function shortName(projectAndName: string): string {
  return projectAndName.replace(/^default\//, "");
}

/**
 * What stands before the mark in the keys of a kind, each once. Leaps from one to the next: the time it takes grows with how many there
 * are, not with how much of each.
 */
function knownOwners(index: LineageIndex, kind: NodeKind, mark = "@"): readonly string[] {
  const begin = `${kind}:`;
  const found: string[] = [];
  for (let from = begin; ;) {
    const key = index.get<{ key: string }>("SELECT key FROM node WHERE key >= ? ORDER BY key LIMIT 1", from)?.key;
    if (key === undefined || !key.startsWith(begin)) return found;
    const owner = key.slice(begin.length, key.lastIndexOf(mark));
    found.push(owner);
    // What follows the mark is a number or hexadecimal, so it is less than this.
    from = `${begin}${owner}${mark}\u{10FFFF}`;
  }
}

function scopes(index: LineageIndex, prefix: string): readonly string[] {
  return index
    .all<{ scope: string }>(
      "SELECT DISTINCT scope FROM label WHERE scope >= ? AND scope < ? ORDER BY scope",
      prefix,
      `${prefix}\u{10FFFF}`,
    )
    .map(({ scope }) => scope.slice(prefix.length));
}
