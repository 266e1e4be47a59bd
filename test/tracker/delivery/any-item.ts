import * as fc from "fast-check";
import type { DatasetInput } from "../../../src/mlflow/types.ts";
import { toCardNumber } from "../../../src/tracker/card/numbers.ts";
import type { Item, StoredFile } from "../../../src/tracker/delivery/items.ts";

const text = fc.string({ unit: "binary", maxLength: 12 }).map((value) => value.toWellFormed());
const pairs = fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true });
const file: fc.Arbitrary<StoredFile> = fc.record({ path: text, sizeBytes: fc.nat(), sha256: text, at: text });
const metric = fc.tuple(
  text,
  fc.double().map((value) => toCardNumber(value === 0 ? 0 : value)),
  fc.maxSafeInteger(),
  fc.maxSafeNat(),
);
const dataset: fc.Arbitrary<DatasetInput> = fc.record({
  name: text,
  digest: text,
  sourceType: text,
  source: text,
  context: text,
});

/** Items of any kind; the files that they name are nowhere. */
export const anyItem: fc.Arbitrary<Item> = fc.oneof(
  fc.record({ kind: fc.constant("params" as const), params: pairs }),
  fc.record({ kind: fc.constant("metrics" as const), metrics: fc.array(metric, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant("tags" as const), tags: pairs }),
  fc.record({ kind: fc.constant("inputs" as const), datasets: fc.array(dataset, { maxLength: 2 }) }),
  fc.record({ kind: fc.constant("artifact" as const), file }),
  fc.record({ kind: fc.constant("model" as const), name: text, digest: text, files: fc.array(file, { maxLength: 3 }) }),
);
