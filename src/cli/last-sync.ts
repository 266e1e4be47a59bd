import type { LineageIndex } from "../lineage/store/lineage-index.ts";

/** When both servers were asked last: the earlier of the two times. Undefined for an index that nothing was read into. */
export function lastSync(index: LineageIndex): string | undefined {
  return ["pachyderm", "mlflow"]
    .map((name) => index.cursor(`synced:${name}`))
    .filter((time) => time !== undefined)
    .sort()[0];
}
