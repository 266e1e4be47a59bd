import { hash } from "node:crypto";
import type { Node } from "../src/lineage/graph.ts";
import { edge } from "../src/lineage/graph.ts";
import type { Statement } from "../src/lineage/store/lineage-index.ts";
import type { Urn } from "../src/lineage/urn.ts";
import { formatUrn } from "../src/lineage/urn.ts";

/** Layers of commits and jobs in turns, each thing made from two or three of the layer before. */
export interface Family {
  /** Not a multiple of three: then the newest thing comes from nearly everything some layers below. */
  readonly width: number;
  readonly layers: number;
}

/** One whose newest thing comes from 3,000 things. */
const SMALL: Family = { width: 181, layers: 21 };
/** One whose newest thing comes from 150,000. */
const BIG: Family = { width: 2_600, layers: 64 };

/** 400,000 nodes with 1,000,000 edges. */
export const LARGE: readonly Family[] = [...Array.from({ length: 66 }, () => SMALL), BIG];
/** A tenth of it. */
export const TENTH: readonly Family[] = Array.from({ length: 11 }, () => SMALL);
/** How far the newest thing of a small family is from its oldest. */
export const HOPS = SMALL.layers - 1;

const STEP_MS = 1_000;

/** What a collector would say, oldest first, the families side by side as they would grow. bench/lineage-peer/subgraph.py has the same. */
export function* statements(families: readonly Family[]): IterableIterator<Statement> {
  let number = 0;
  for (let layer = 0; layer < Math.max(...families.map(({ layers }) => layers)); layer += 1)
    for (const [family, { width, layers }] of families.entries()) {
      if (layer >= layers) continue;
      for (let place = 0; place < width; place += 1) {
        number += 1;
        const node = thing(family, layer, place);
        const time = new Date(1.7e12 + number * STEP_MS);
        const origins = Array.from({ length: linksOf(layer, place) }, (_, link) =>
          thing(family, layer - 1, (3 * place + link) % width),
        );
        yield {
          node: { ...node, ...factsOf(node, time, place) },
          rank: "source",
          since: time,
          edges: origins.map((origin) => edge(node, layer % 2 === 0 ? "generated" : "used", origin)),
        };
      }
    }
}

/** The newest thing of a family. */
export function newest(families: readonly Family[], family: number): Urn {
  return formatUrn(thing(family, (families[family]?.layers ?? 1) - 1, 0));
}

function linksOf(layer: number, place: number): number {
  if (layer === 0) return 0;
  return place % 5 < 3 ? 3 : 2;
}

function thing(family: number, layer: number, place: number): Node {
  const id = hash("md5", `${family} ${layer} ${place}`);
  const name = `stage-${family}-${Math.floor(layer / 2)}`;
  if (layer % 2 === 0) return { kind: "commit", project: "default", repo: name, type: "user", id };
  return { kind: "job", project: "default", pipeline: name, id };
}

function factsOf({ kind }: Node, time: Date, place: number): object {
  return kind === "commit" ? { state: "finished", time, sizeBytes: place * 1_000 } : { state: "success", time, version: 1 };
}
