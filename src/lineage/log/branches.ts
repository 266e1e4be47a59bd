import type { CommitNode } from "../graph.ts";
import type { Label, LineageIndex } from "../store/lineage-index.ts";
import type { CommitIdentity, Urn } from "../urn.ts";
import { formatUrn } from "../urn.ts";

/** Which branches have a commit as their head, read once for each repo. */
export class BranchHeads {
  readonly #index: LineageIndex;
  readonly #repos = new Map<string, Map<Urn, string[]>>();

  constructor(index: LineageIndex) {
    this.#index = index;
  }

  at(commit: CommitIdentity): readonly string[] {
    const scope = scopeOf(commit);
    const known = this.#repos.get(scope) ?? this.#read(scope);
    return known.get(formatUrn(identityOf(commit))) ?? [];
  }

  #read(scope: string): Map<Urn, string[]> {
    const heads = new Map<Urn, string[]>();
    for (const { name, target } of headsOf(this.#index, scope)) heads.set(target, [...(heads.get(target) ?? []), name].sort());
    this.#repos.set(scope, heads);
    return heads;
  }
}

/** The commit before one on its branch. */
export function beforeOn(commit: CommitNode): Urn | undefined {
  return commit.parent === undefined ? undefined : formatUrn({ ...identityOf(commit), id: commit.parent });
}

/** The branches that there are now, each with its head. */
export function headsOf(index: LineageIndex, scope: string): readonly Label[] {
  return index.labels({ scope }).filter(({ until }) => until === undefined);
}

/** Under which name the branches of a commit's repo are noted. */
export function scopeOf({ project, repo }: CommitIdentity): string {
  return `branch:${project}/${repo}`;
}

/** What of a commit its URN says. */
export function identityOf({ project, repo, type, id }: CommitIdentity): CommitIdentity {
  return { kind: "commit", project, repo, type, id };
}
