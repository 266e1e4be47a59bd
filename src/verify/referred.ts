import type { LineageIndex } from "../lineage/store/lineage-index.ts";
import type { Urn } from "../lineage/urn.ts";

/** Whether something that is still there came from this, or made it: only then its being gone breaks a link. */
export function isReferredTo(index: LineageIndex, urn: Urn): boolean {
  const later = index.edgesDown(urn).map(({ from }) => from);
  const makers = index.edgesUp(urn).flatMap(({ kind, to }) => (kind === "generated" ? [to] : []));
  return [...later, ...makers].some((other) => {
    const record = index.record(other);
    return record !== undefined && record.rank !== "named" && record.gone === undefined;
  });
}
