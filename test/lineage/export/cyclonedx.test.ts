import { expect, test } from "vitest";
import { toCycloneDx } from "../../../src/lineage/export/cyclonedx/bom.ts";
import type { Urn } from "../../../src/lineage/urn.ts";
import { PATIENCE_MS, validate } from "../../validators/validator.ts";
import { context, sample, samples, shuffled } from "./sample.ts";

interface Bom {
  readonly serialNumber: string;
  readonly metadata: { readonly component: Record<string, unknown> };
  readonly components: readonly Record<string, unknown>[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
  readonly formulation: readonly { readonly workflows: readonly { readonly tasks: readonly Record<string, unknown>[] }[] }[];
}

test(
  "cyclonedx-python-lib accepts the bills, strictly, whatever the names",
  async () => {
    const bills = Object.fromEntries([...samples()].map(([name, graph]) => [name, toCycloneDx(graph, context)]));
    const ofRun = toCycloneDx({ ...sample(), root: "urn:stemma:run:0123456789ab4def8123456789abcdef" as Urn }, context);
    const broken = bills["plain"]?.replace('"bomFormat"', '"format"');
    const found = await validate("check_cyclonedx", { ...bills, ofRun, broken });
    expect(found).toEqual({
      ...Object.fromEntries([...Object.keys(bills), "ofRun"].map((name) => [name, ""])),
      broken: expect.stringContaining("ValidationError") as string,
    });
  },
  PATIENCE_MS,
);

test("a model has a card with its data, params and metrics", () => {
  const { metadata, components, dependencies, formulation } = JSON.parse(toCycloneDx(sample(), context)) as Bom;
  expect(metadata.component).toMatchObject({
    type: "machine-learning-model",
    name: "plain",
    version: "4",
    modelCard: {
      modelParameters: {
        datasets: [{ ref: `urn:stemma:commit:default/etl@${"b".repeat(32)}` }, { ref: "urn:stemma:dataset:plain@v%20plain" }],
      },
      quantitativeAnalysis: {
        performanceMetrics: [
          { type: "auc", value: "0.93" },
          { type: "m plain", value: "3" },
        ],
      },
      properties: [
        { name: "stemma:param:lr", value: "0.1" },
        { name: "stemma:param:plain", value: "plain" },
      ],
    },
  });
  expect(components.map(({ type }) => type)).toContain("data");
  expect(dependencies.find(({ ref }) => ref === "urn:stemma:logged-model:m-plain")?.dependsOn).toEqual([
    `urn:stemma:code:${"d".repeat(40)}`,
    `urn:stemma:commit:default/etl@${"b".repeat(32)}`,
    "urn:stemma:dataset:plain@v%20plain",
    "urn:stemma:pipeline:default/train#1",
  ]);
  expect(formulation[0]?.workflows[0]?.tasks.map(({ name }) => name)).toEqual([
    `job etl@${"b".repeat(32)}`,
    `job train@${"c".repeat(32)}`,
    "run 0123456789ab4def8123456789abcdef",
  ]);
});

test("the same graph has the same serial number, in any order and at any time", () => {
  expect(toCycloneDx(shuffled(sample()), context)).toBe(toCycloneDx(sample(), context));
  const later = JSON.parse(toCycloneDx(sample(), { ...context, now: new Date(0) })) as Bom;
  expect(later.serialNumber).toBe((JSON.parse(toCycloneDx(sample(), context)) as Bom).serialNumber);
  expect((JSON.parse(toCycloneDx(sample("x"), context)) as Bom).serialNumber).not.toBe(later.serialNumber);
});
