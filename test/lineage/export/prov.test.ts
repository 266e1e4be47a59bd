import { expect, test } from "vitest";
import { toProvJson } from "../../../src/lineage/export/prov/prov-json.ts";
import { toProvN } from "../../../src/lineage/export/prov/prov-n.ts";
import { PATIENCE_MS, validate } from "../../validators/validator.ts";
import { context, sample, samples, shuffled } from "./sample.ts";

test(
  "the prov package reads PROV-JSON and PROV-N of a graph as the same document, whatever the names",
  async () => {
    const all = [...samples()].map(
      ([name, graph]) => [name, { json: toProvJson(graph, context), provn: toProvN(graph, context) }] as const,
    );
    const broken = { json: toProvJson(sample(), context), provn: toProvN(sample("other"), context) };
    const found = await validate("check_prov", { ...Object.fromEntries(all), broken });
    expect(found).toEqual({
      ...Object.fromEntries(all.map(([name]) => [name, name.startsWith("file ") ? FILE_RECORDS : RECORDS])),
      broken: expect.stringContaining("differ") as string,
    });
  },
  PATIENCE_MS,
);

const RECORDS = 32;
const FILE_RECORDS = 19;

test("a pipeline version is the plan that a job is associated with", () => {
  const { wasAssociatedWith, entity, activity } = JSON.parse(toProvJson(sample(), context)) as Record<
    string,
    Record<string, object>
  >;
  expect(Object.values(wasAssociatedWith ?? {})).toContainEqual({
    "prov:activity": `job:default/etl@${"b".repeat(32)}`,
    "prov:agent": "agent:pachyderm%3A%2F%2Flocalhost%3A30650",
    "prov:plan": "pipeline:default/etl#3",
  });
  expect(entity?.["pipeline:default/etl#3"]).toMatchObject({ "prov:type": { $: "prov:Plan", type: "prov:QUALIFIED_NAME" } });
  expect(activity?.["run:0123456789ab4def8123456789abcdef"]).toMatchObject({
    "prov:startTime": "2026-02-03T10:05:00.000Z",
    "prov:endTime": "2026-02-03T10:08:00.000Z",
    "stemma:param": ["lr=0.1", "plain=plain"],
    "dcterms:isPartOf": { $: `job:default/train@${"c".repeat(32)}`, type: "prov:QUALIFIED_NAME" },
  });
});

test("a graph in another order is the same document", () => {
  expect(toProvN(shuffled(sample()), context)).toBe(toProvN(sample(), context));
  expect(toProvJson(shuffled(sample()), context)).toBe(toProvJson(sample(), context));
});
