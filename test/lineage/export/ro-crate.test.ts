import { expect, test } from "vitest";
import type { CrateEntity } from "../../../src/lineage/export/ro-crate/entity.ts";
import { toRoCrate } from "../../../src/lineage/export/ro-crate/crate.ts";
import type { Graph } from "../../../src/lineage/graph.ts";
import type { Urn } from "../../../src/lineage/urn.ts";
import { formatUrn } from "../../../src/lineage/urn.ts";
import { PATIENCE_MS, validate } from "../../validators/validator.ts";
import { ODD, context, fileSample, sample, shuffled } from "./sample.ts";

const licensed = { ...context, license: "https://spdx.org/licenses/CC-BY-4.0" };

function crate(graph: Graph & { readonly root: Urn }): readonly CrateEntity[] {
  const text = toRoCrate(graph, licensed).get("ro-crate-metadata.json") ?? "";
  return (JSON.parse(text) as { "@graph": readonly CrateEntity[] })["@graph"];
}

test(
  "roc-validator accepts a crate of odd names by the profile for provenance",
  async () => {
    const files = Object.fromEntries(toRoCrate(everything(ODD.join(" ")), licensed));
    const found = await validate("check_ro_crate", { odd: { profile: "provenance-run-crate", files } });
    expect(found).toEqual({ odd: [] });
  },
  PATIENCE_MS,
);

test("a job is an action by its pipeline version, a run one by its code, with what they read and made", () => {
  const entities = new Map(crate(sample()).map((entity) => [entity["@id"], entity]));
  expect(entities.get(`urn:stemma:job:default/etl@${"b".repeat(32)}`)).toMatchObject({
    "@type": "CreateAction",
    instrument: { "@id": "urn:stemma:pipeline:default/etl#3" },
    object: [{ "@id": `urn:stemma:commit:default/raw_data@${"a".repeat(32)}` }],
    result: [{ "@id": `urn:stemma:commit:default/etl@${"b".repeat(32)}` }],
    actionStatus: { "@id": "http://schema.org/CompletedActionStatus" },
  });
  expect(entities.get(`urn:stemma:job:default/train@${"c".repeat(32)}`)).toMatchObject({
    actionStatus: { "@id": "http://schema.org/FailedActionStatus" },
    error: "plain",
  });
  expect(entities.get("urn:stemma:run:0123456789ab4def8123456789abcdef")).toMatchObject({
    instrument: { "@id": `urn:stemma:code:${"d".repeat(40)}` },
    agent: { "@id": "#person/plain" },
    startTime: "2026-02-03T10:05:00.000Z",
    endTime: "2026-02-03T10:08:00.000Z",
  });
  expect(entities.get("./")).toMatchObject({ mainEntity: { "@id": "workflow.json" }, license: licensed.license });
  expect(entities.get("urn:stemma:artifact:0123456789ab4def8123456789abcdef:/plain.png")).toMatchObject({
    sha256: "1".repeat(64),
  });
});

test("all that is linked to is in the crate", () => {
  const entities = crate(sample());
  const ids = new Set(entities.map((entity) => entity["@id"]));
  const linked = [...JSON.stringify(entities).matchAll(/\{"@id":"([^"]*)"\}/g)].map(([, id]) => id ?? "");
  expect(linked.filter((id) => !ids.has(id) && !/^https?:\/\/(?:schema\.org|w3id\.org\/ro\/(?:terms|crate))/.test(id))).toEqual(
    [],
  );
});

test("where nothing ran, there is no workflow", () => {
  const node = { kind: "commit", project: "p", repo: "r", type: "user", id: "a".repeat(32) } as const;
  const files = toRoCrate({ root: formatUrn(node), nodes: new Map([[formatUrn(node), node]]), edges: [] }, licensed);
  expect([...files.keys()]).toEqual(["ro-crate-metadata.json"]);
});

test("a graph in another order is the same crate", () => {
  expect(toRoCrate(shuffled(sample()), licensed)).toEqual(toRoCrate(sample(), licensed));
});

/** All kinds of things in one graph. */
function everything(name: string): ReturnType<typeof sample> {
  const [whole, files] = [sample(name), fileSample(name)];
  return { root: whole.root, nodes: new Map([...files.nodes, ...whole.nodes]), edges: [...whole.edges, ...files.edges] };
}
