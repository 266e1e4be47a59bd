import type { IndexWriter } from "../../lineage/store/index-writer.ts";
import type { LineageIndex } from "../../lineage/store/lineage-index.ts";
import type { NodeKind, Urn } from "../../lineage/urn.ts";
import { formatUrn } from "../../lineage/urn.ts";

/** Marks all that an index knows from its source as gone, where its URN, without `urn:stemma:`, begins with a text. */
export function markAllGone(index: LineageIndex, writer: IndexWriter, prefix: string, at: Date): void {
  const urns = [...index.recordsBeginning(prefix)].filter(({ rank }) => rank === "source").map(({ node }) => formatUrn(node));
  for (const urn of urns) writer.markGone(urn, at);
}

/** What an index knows from its source, and holds to be there, but was not seen when everything was read. */
export function unseen(index: LineageIndex, kinds: readonly NodeKind[], seen: ReadonlySet<Urn>): readonly Urn[] {
  const urns: Urn[] = [];
  for (const { node, rank, gone } of index.records(kinds)) {
    const urn = formatUrn(node);
    if (rank === "source" && gone === undefined && !seen.has(urn)) urns.push(urn);
  }
  return urns;
}
