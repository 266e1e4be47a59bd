import type { LineageIndex } from "../store/lineage-index.ts";
import type { Urn } from "../urn.ts";
import type { Gap } from "../answer.ts";
import { beforeOn } from "./branches.ts";

/** The commits of a history and how they hang together. */
export class Commits {
  readonly parents = new Map<Urn, readonly Urn[]>();
  readonly gaps: Gap[] = [];
  readonly #index: LineageIndex;
  readonly #isGraph: boolean;

  constructor(index: LineageIndex, isGraph: boolean) {
    this.#index = index;
    this.#isGraph = isGraph;
  }

  /** A commit, those before it on its branch, and, in a graph, those that each was made from. */
  follow(start: Urn): void {
    const waiting = [{ urn: start, isHistory: true }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { urn, isHistory } = next;
      if (this.parents.has(urn)) continue;
      const record = this.#index.record(urn);
      const before = record?.node.kind === "commit" ? beforeOn(record.node) : undefined;
      const origins = this.#isGraph ? originsOf(this.#index, urn) : [];
      this.parents.set(urn, [...new Set([...(before === undefined ? [] : [before]), ...origins])]);
      if (record === undefined || record.rank === "named")
        this.gaps.push({ at: urn, why: "the commit is gone, and with it what is known of it", effect: "missing" });
      for (const origin of origins) waiting.push({ urn: origin, isHistory: false });
      if (isHistory && before !== undefined) waiting.push({ urn: before, isHistory });
    }
  }
}

/** The commits of other repos that one was made from: through its job, through a run outside of jobs, or directly. */
function originsOf(index: LineageIndex, commit: Urn): readonly Urn[] {
  const up = index.edgesUp(commit);
  const derived = up.filter(({ kind }) => kind === "derived").map(({ to }) => to);
  const used = up.filter(({ kind }) => kind === "generated").flatMap(({ to }) => index.edgesUp(to));
  const commits = used.filter(({ kind }) => kind === "used").map(({ to }) => to);
  return [...new Set([...derived, ...commits])].filter((urn) => urn.startsWith("urn:stemma:commit:") && urn !== commit).sort();
}
