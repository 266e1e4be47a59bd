import type { DatasetNode } from "../graph.ts";
import type { DatasetIdentity } from "../urn.ts";
import { IMPORTED } from "../export/openlineage/names.ts";
import type { NodeRecord } from "../store/lineage-index.ts";
import type { SeenDataset } from "./read-event.ts";
import type { JsonObject } from "./read-fields.ts";
import type { Stamped } from "./stamped.ts";
import { later, latest } from "./stamped.ts";

/** All that events have said of a data set: of each facet, what was said last. */
export interface DatasetState {
  readonly identity: DatasetIdentity;
  readonly namespace: Stamped<string>;
  readonly facets: Readonly<Record<string, Stamped<JsonObject>>>;
}

export function addDataset(
  known: DatasetState | undefined,
  identity: DatasetIdentity,
  said: SeenDataset,
  at: number,
): DatasetState {
  return {
    identity,
    namespace: later(known?.namespace, { at, value: said.namespace }),
    facets: latest(known?.facets ?? {}, said.facets, at),
  };
}

export function datasetRecord({ identity, namespace, facets }: DatasetState): NodeRecord {
  const { stemma_origin: origin, ...rest } = Object.fromEntries(
    Object.entries(facets)
      .filter(([, { value }]) => value["_deleted"] !== true)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { value }]) => [name, value]),
  );
  const isOurs = !identity.name.startsWith(`${namespace.value}/`);
  const node: DatasetNode = {
    ...identity,
    ...place(
      isOurs
        ? { sourceType: origin?.["sourceType"], source: origin?.["source"] }
        : { sourceType: IMPORTED, source: namespace.value },
    ),
    ...(Object.keys(rest).length === 0 ? {} : { facets: rest }),
  };
  return { node, rank: "told" };
}

function place({
  sourceType,
  source,
}: {
  readonly sourceType: unknown;
  readonly source: unknown;
}): Pick<DatasetNode, "sourceType" | "source"> {
  return {
    ...(typeof sourceType === "string" ? { sourceType } : {}),
    ...(typeof source === "string" ? { source } : {}),
  };
}
