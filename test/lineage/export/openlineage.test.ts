import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { toOpenLineage } from "../../../src/lineage/export/openlineage/events.ts";
import { datasetName, namedDataset } from "../../../src/lineage/export/openlineage/names.ts";
import { formatUrn } from "../../../src/lineage/urn.ts";
import { PATIENCE_MS, validate } from "../../validators/validator.ts";
import { ownFacetsOf, schemasOf } from "../../validators/openlineage-schemas.ts";
import { ODD, context, sample, samples, shuffled } from "./sample.ts";

interface Event {
  readonly eventType?: string;
  readonly eventTime: string;
  readonly run?: { readonly runId: string; readonly facets: Record<string, object> };
  readonly job?: { readonly name: string; readonly facets: Record<string, object> };
  readonly inputs?: readonly { readonly name: string }[];
  readonly outputs?: readonly { readonly name: string }[];
}

function events(text: string): readonly Event[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Event);
}

test(
  "OpenLineage's own classes hold each event and facet, whatever the names",
  async () => {
    const good = Object.fromEntries([...samples()].map(([name, graph]) => [name, toOpenLineage(graph, context)]));
    const bad = {
      time: good["plain"]?.replace(/"eventTime":"[^"]*"/, '"eventTime":"yesterday"'),
      run: good["plain"]?.replace(/"runId":"[^"]*"/, '"runId":"1"'),
      facet: good["plain"]?.replace(/"datasetVersion":/, '"version":'),
    };
    const found = await validate("check_openlineage", { ...good, ...bad });
    expect(found).toMatchObject(Object.fromEntries(Object.keys(good).map((name) => [name, []])));
    for (const name of Object.keys(bad)) expect({ name, found: found[name] }).not.toEqual({ name, found: [] });
  },
  PATIENCE_MS,
);

const SPEC = process.env["STEMMA_OPENLINEAGE_SPEC"];

test.skipIf(SPEC === undefined)(
  "OpenLineage's JSON schemas accept each event and facet (STEMMA_OPENLINEAGE_SPEC: the folder `spec` of its repository)",
  () => {
    const folder = join(SPEC ?? "", "facets");
    const files = [
      join(SPEC ?? "", "OpenLineage.json"),
      ...readdirSync(folder)
        .filter((name) => name.endsWith(".json"))
        .map((name) => join(folder, name)),
    ];
    const check = schemasOf(files.map((file) => JSON.parse(readFileSync(file, "utf8")) as { readonly $id: string }));
    const wrong = [...samples().values()].flatMap((graph) => events(toOpenLineage(graph, context)).flatMap(check));
    expect(wrong).toEqual([]);
  },
);

test("a run begins and ends with the same inputs and outputs, and a job's own id is the commit set's", () => {
  const all = events(toOpenLineage(sample(), context));
  const train = all.filter((event) => event.job?.name === "default/train");
  expect(train.map(({ eventType, eventTime }) => [eventType, eventTime])).toEqual([
    ["START", "2026-02-03T10:09:00.000Z"],
    ["FAIL", "2026-02-03T10:09:00.000Z"],
  ]);
  expect(train[0]?.inputs).toEqual(train[1]?.inputs);
  expect(train[0]?.run?.facets["parent"]).toMatchObject({
    run: { runId: "cccccccc-cccc-cccc-cccc-cccccccccccc" },
    job: { name: "commit set" },
  });
  expect(train[0]?.run?.facets["errorMessage"]).toMatchObject({ message: "plain" });
  const [, run] = all.filter((event) => event.run?.runId === "01234567-89ab-4def-8123-456789abcdef");
  expect(run?.run?.facets["parent"]).toMatchObject({ run: { runId: train[0]?.run?.runId }, job: { name: "default/train" } });
  expect(run?.run?.facets["executionParameters"]).toMatchObject({
    parameters: [
      { key: "lr", value: "0.1" },
      { key: "plain", value: "plain" },
    ],
  });
  expect(run?.job?.facets["sourceCodeLocation"]).toMatchObject({ type: "git", version: "d".repeat(40) });
  expect(run?.outputs?.map(({ name }) => name)).toEqual([
    "runs/0123456789ab4def8123456789abcdef/plain.png",
    "default/train",
    "logged-models/m-plain",
  ]);
});

test("what no run has read or made is said in an event of its own", () => {
  const alone = events(toOpenLineage(sample(), context)).filter((event) => event.run === undefined);
  expect(alone.map((event) => (event as unknown as { dataset: { name: string } }).dataset.name)).toEqual([
    "other/copy",
    "default/raw_data/plain.csv",
    "models/plain",
  ]);
});

test.each(["plain", "a/b'c", ...ODD])("the name of a data set is read back as the thing that it names: %j", (odd) => {
  const named = [...sample(odd).nodes.values()].filter((node) => datasetName(node, context) !== undefined);
  const back = named
    .map((node) => datasetName(node, context))
    .flatMap((name) => (name === undefined ? [] : [namedDataset(name)]));
  expect(back.map(formatUrn)).toEqual(named.map(formatUrn));
  expect(named.length).toBeGreaterThan(6);
});

test("a graph in another order is the same events", () => {
  expect(toOpenLineage(shuffled(sample()), context)).toBe(toOpenLineage(sample(), context));
});

test("our own facets are as their schema says", () => {
  const file = new URL("../../../schemas/openlineage-facets-1.schema.json", import.meta.url);
  const check = ownFacetsOf(JSON.parse(readFileSync(file, "utf8")) as { readonly $id: string });
  const found = events(toOpenLineage(sample(), context)).flatMap(check);
  expect(found.filter(({ wrong }) => wrong !== "")).toEqual([]);
  expect(new Set(found.map(({ definition }) => definition))).toEqual(new Set(["run", "pipeline", "origin"]));
});
