import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { edge } from "../../src/lineage/graph.ts";
import { impactOf } from "../../src/lineage/impact.ts";
import type { ImpactOptions, ImpactRow } from "../../src/lineage/impact.ts";
import type { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import type { Identity } from "../../src/lineage/urn.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import { walk } from "../../src/lineage/walk.ts";
import { runs } from "../helpers/scale.ts";
import { indexFrom } from "./graphs.ts";
import { distances, histories, indexOfHistory, places, urnAt } from "./histories.ts";

const raw = { kind: "commit", project: "default", repo: "raw", type: "user", id: "1".repeat(32) } as const;
const run = { kind: "run", id: "2".repeat(32) } as const;
const logged = { kind: "logged-model", id: "m-1" } as const;
const version = (number: number) => ({ kind: "model-version", name: "fraud", version: number }) as const;
const deployment = { kind: "deployment", id: "d-1" } as const;

//  raw -- run -- logged model -- version 1
//                            \-- version 2 -- deployment
function models(): LineageIndex {
  return indexFrom([
    edge(run, "used", raw),
    edge(logged, "generated", run),
    edge(version(1), "derived", logged),
    edge(version(2), "derived", logged),
    edge(deployment, "of", version(2)),
  ]);
}

describe("impact", () => {
  test("is the runs, models, versions and deployments below a thing", async () => {
    const rows = await ask(models(), raw);
    expect(rows.map(({ node }) => formatUrn(node))).toEqual([run, logged, version(1), version(2), deployment].map(formatUrn));
  });

  test("is live where a deployment is, until that is gone", async () => {
    const index = models();
    expect(live(await ask(index, raw))).toEqual([version(2), deployment].map(formatUrn));
    index.write((writer) => writer.markGone(formatUrn(deployment), new Date(20)));
    expect(live(await ask(index, raw))).toEqual([]);
    expect(live(await ask(index, raw, { asOf: new Date(19) }))).toEqual([version(2), deployment].map(formatUrn));
  });

  test("is live where an alias points, now or at the time that is asked about", async () => {
    const index = models();
    index.write((writer) => {
      writer.markGone(formatUrn(deployment), new Date(0));
      writer.point("alias:fraud", "champion", formatUrn(version(1)), new Date(10));
      writer.point("alias:fraud", "champion", formatUrn(version(2)), new Date(20));
    });
    expect(live(await ask(index, raw))).toEqual([formatUrn(version(2))]);
    expect(live(await ask(index, raw, { asOf: new Date(15) }))).toEqual([formatUrn(version(1))]);
    expect(live(await ask(index, raw, { asOf: new Date(5) }))).toEqual([]);
    const [row] = await ask(index, raw, { live: true });
    expect(row?.labels.map(({ name }) => name)).toEqual(["champion"]);
  });

  test("is live in the stages Production and Staging, and not when archived", async () => {
    const index = models();
    index.write((writer) => {
      writer.markGone(formatUrn(deployment), new Date(0));
      writer.point("stage:fraud", "Production", formatUrn(version(1)), new Date(10));
      writer.point("stage:fraud", "Archived", formatUrn(version(2)), new Date(10));
    });
    expect(live(await ask(index, raw))).toEqual([formatUrn(version(1))]);
  });

  test("of a model does not count the model itself", async () => {
    expect((await ask(models(), version(2))).map(({ node }) => node.kind)).toEqual(["deployment"]);
  });

  test("on random histories is the runs below, as one finds them by looking at every edge", async () => {
    await fc.assert(
      fc.asyncProperty(histories, places, async (history, place) => {
        const root = urnAt(history, place);
        const index = indexOfHistory(history);
        const rows = impactOf(await walk(index, root, { direction: "down", level: "commit" }), index);
        const below = [...distances(history, root, { direction: "down" }).keys()].filter(
          (urn) => urn !== root && urn.includes(":run:"),
        );
        expect(rows.map(({ node }) => formatUrn(node)).toSorted()).toEqual(below.toSorted());
      }),
      runs(100),
    );
  });
});

async function ask(index: LineageIndex, root: Identity, options: ImpactOptions = {}): Promise<readonly ImpactRow[]> {
  const trace = await walk(index, formatUrn(root), { direction: "down", asOf: options.asOf });
  return impactOf(trace, index, options);
}

function live(rows: readonly ImpactRow[]): readonly string[] {
  return rows.filter((row) => row.live).map(({ node }) => formatUrn(node));
}
