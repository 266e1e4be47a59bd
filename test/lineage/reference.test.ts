import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StemmaError } from "../../src/lineage/errors.ts";
import type { Reference } from "../../src/lineage/reference.ts";
import {
  formatDataReference,
  formatReference,
  parseDataReference,
  parseReference,
  referenceTo,
} from "../../src/lineage/reference.ts";
import { formatUrn, parseUrn } from "../../src/lineage/urn.ts";
import { dataReferences, identities, names } from "./arbitraries.ts";

const ID = "0123456789ab4def8123456789abcdef";

describe("a reference", () => {
  test.each<readonly [string, Reference]>([
    ["raw_data@master", data("raw_data", "master")],
    [`raw_data@${ID}`, data("raw_data", ID)],
    ["raw_data@master^2", data("raw_data", "master^2")],
    ["raw_data@master~", data("raw_data", "master~")],
    ["raw_data@master.3^", data("raw_data", "master.3^")],
    ["fraud/etl@master:/day 1.csv", { ...data("etl", "master"), project: "fraud", path: "/day 1.csv" }],
    ["etl@master:day-1.csv", { ...data("etl", "master"), path: "/day-1.csv" }],
    ["fraud/etl.spec@master", { ...data("etl", "master"), project: "fraud", type: "spec" }],
    [ID.toUpperCase(), { kind: "id", id: ID }],
    ["etl#3", node({ kind: "pipeline", project: "default", pipeline: "etl", version: 3 })],
    ["models:/fraud/3", node({ kind: "model-version", name: "fraud", version: 3 })],
    ["models:/m-12ab", node({ kind: "logged-model", id: "m-12ab" })],
    ["3F1C", { kind: "id", id: "3f1c" }],
    [`runs:/${ID}`, node({ kind: "run", id: ID })],
    [`runs:/${ID}/model`, node({ kind: "run", id: ID })],
    ["runs:/3f1c", { kind: "run-id", id: "3f1c" }],
    ["models:/fraud/Production", { kind: "model-stage", name: "fraud", stage: "Production" }],
    ["models:/fraud", { kind: "many", of: { kind: "model", name: "fraud" }, link: "models:/fraud" }],
    ["http://h/#/experiments/1", { kind: "many", of: { kind: "experiment", name: "1" }, link: "http://h/#/experiments/1" }],
    ["http://h/#/models/fraud", { kind: "many", of: { kind: "model", name: "fraud" }, link: "http://h/#/models/fraud" }],
    ["models:/fraud@champion", { kind: "model-alias", name: "fraud", alias: "champion" }],
    [`urn:stemma:job:default/etl@${ID}`, node({ kind: "job", project: "default", pipeline: "etl", id: ID })],
    [`http://127.0.0.1:5000/#/experiments/1/runs/${ID}`, node({ kind: "run", id: ID })],
    [`https://host/mlflow/#/experiments/1/runs/${ID}/artifacts?path=a`, node({ kind: "run", id: ID })],
    [`http://127.0.0.1:5000/#/runs/${ID}`, node({ kind: "run", id: ID })],
    ["http://127.0.0.1:5000/#/experiments/1/models/m-12ab/artifacts", node({ kind: "logged-model", id: "m-12ab" })],
    ["http://127.0.0.1:5000/#/models/fraud%20net/versions/2", node({ kind: "model-version", name: "fraud net", version: 2 })],
  ])("%s is understood", (text, reference) => {
    expect(parseReference(text)).toEqual(reference);
  });

  test.each([
    ["raw_data", /"raw_data" is no reference/],
    ["", /"" is no reference/],
    ["raw_data@", /no branch or id after the @/],
    ["@master", /no repo before the @/],
    ["raw data@master", /"raw data" in .* is no name/],
    ["a/b/c@master", /"b\/c" in .* is no name/],
    ["raw_data.x@master", /"x" in .* is no type of repo/],
    ["raw_data@mas ter", /is no branch or id/],
    ["raw_data@master^~", /is no branch or id/],
    ["raw_data@master:", /no path after the colon/],
    ["models:", /is no model/],
    ["runs:/xyz", /is no run/],
    ["urn:stemma:tree:1", /is no URN of stemma/],
    ["urn:stemma:run:12", /is no URN of a run/],
    ["urn:stemma:model-version:%zz/1", /begins no code/],
    ["http://127.0.0.1:5000/#/settings", /no link to a run or a model/],
  ])("%j is refused, and the message says why", (text, message) => {
    const refuse = (): unknown => parseReference(text);
    expect(refuse).toThrow(StemmaError);
    expect(refuse).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringMatching(message), hint: expect.stringMatching(/.+/) }),
    );
  });

  test("to data is parsed as it was formatted", () => {
    fc.assert(
      fc.property(dataReferences, (reference) => {
        expect(parseDataReference(formatDataReference(reference))).toEqual(reference);
      }),
    );
  });

  test("of any kind is parsed as it was formatted", () => {
    const references: fc.Arbitrary<Reference> = fc.oneof(
      dataReferences.map((reference) => Object.assign({ kind: "data" as const }, reference)),
      identities.map((identity) => node(identity)),
      fc.record({ kind: fc.constant("model-alias" as const), name: names, alias: names }),
    );
    fc.assert(
      fc.property(references, (reference) => {
        expect(parseReference(formatReference(reference))).toEqual(reference);
      }),
    );
  });

  test("in its short form leads back to the node it stands for", () => {
    const short = identities.filter(({ kind }) => kind !== "commit" && kind !== "file" && kind !== "job" && kind !== "run");
    fc.assert(
      fc.property(short, (identity) => {
        expect(parseReference(referenceTo(identity))).toEqual(node(identity));
      }),
    );
  });
});

test("a URN is parsed as it was formatted", () => {
  fc.assert(
    fc.property(identities, (identity) => {
      expect(parseUrn(formatUrn(identity))).toEqual(identity);
    }),
  );
});

function data(repo: string, at: string): Extract<Reference, { kind: "data" }> {
  return { kind: "data", project: "default", repo, type: "user", at, path: undefined };
}

function node(identity: Extract<Reference, { kind: "node" }>["identity"]): Reference {
  return { kind: "node", identity };
}
