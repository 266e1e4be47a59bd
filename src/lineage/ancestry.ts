import { StemmaError } from "./errors.ts";
import type { CommitNode } from "./graph.ts";
import { withoutAncestry } from "./data-reference.ts";
import type { LineageIndex } from "./store/lineage-index.ts";
import { formatUrn } from "./urn.ts";

/** The commit that `at` means when this is the commit before its `^2`, `~` or `.3`, read as Pachyderm does. Throws NOT_FOUND. */
export function commitBack(index: LineageIndex, start: CommitNode, at: string): CommitNode {
  const [, fromRoot, back = ""] = /^(?:\.(\d+))?(.*)$/.exec(at.slice(withoutAncestry(at).length)) ?? [];
  const from = fromRoot === undefined ? start : fromTheRoot(index, start, Number(fromRoot), at);
  const generations = [...back.matchAll(/[\^~](\d*)/g)].reduce((sum, [, count]) => sum + Number(count || 1), 0);
  return goBack(index, from, generations) ?? fail(start, at);
}

/** So many after the first of the chain; one past its end is its end, as in pachd. */
function fromTheRoot(index: LineageIndex, head: CommitNode, offset: number, at: string): CommitNode {
  const chain = [head];
  for (let next = parentOf(index, head); next !== undefined; next = parentOf(index, next)) chain.push(next);
  if (offset > chain.length) throw fail(head, at);
  return chain[Math.max(0, chain.length - 1 - offset)] ?? head;
}

function goBack(index: LineageIndex, from: CommitNode, generations: number): CommitNode | undefined {
  let at: CommitNode | undefined = from;
  for (let step = 0; step < generations && at !== undefined; step += 1) at = parentOf(index, at);
  return at;
}

/** The commit before one on its branch, where the index knows it. */
export function parentOf(index: LineageIndex, commit: CommitNode): CommitNode | undefined {
  if (commit.parent === undefined) return undefined;
  const { project, repo, type, parent } = commit;
  const node = index.record(formatUrn({ kind: "commit", project, repo, type, id: parent }))?.node;
  return node?.kind === "commit" ? node : undefined;
}

function fail({ repo }: CommitNode, at: string): never {
  throw new StemmaError("NOT_FOUND", `${repo} has no commit ${at}: its history does not reach so far.`);
}
