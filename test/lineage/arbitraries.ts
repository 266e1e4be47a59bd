import * as fc from "fast-check";
import type { DataReference } from "../../src/lineage/reference.ts";
import type { Identity } from "../../src/lineage/urn.ts";

const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef".split("")), minLength: length, maxLength: length });
const ids = hex(32);
const types = fc.constantFrom("user" as const, "meta" as const, "spec" as const);
const versions = fc.nat();
const texts = fc.string({ unit: "grapheme", minLength: 1 });

export const names = fc.stringMatching(/^[\w-]{1,12}$/);
const paths = fc.string({ unit: "grapheme" }).map((text) => `/${text.replace(/\n|\r|\u2028|\u2029/g, "")}`);
const ancestries = fc.constantFrom("", "^", "^2", "^^", "~", "~3", ".1", ".12^");

export const dataReferences: fc.Arbitrary<DataReference> = fc.record({
  project: names,
  repo: names,
  type: types,
  at: fc.tuple(fc.oneof(names, ids), ancestries).map(([name, ancestry]) => `${name}${ancestry}`),
  path: fc.option(paths, { nil: undefined }),
});

const modelNames = fc.stringMatching(/^[\w .-]{1,12}$/).filter((name) => !name.startsWith("m-"));

export const identities: fc.Arbitrary<Identity> = fc.oneof(
  fc.record({ kind: fc.constant("commit" as const), project: names, repo: names, type: types, id: ids }),
  fc.record({ kind: fc.constant("file" as const), project: names, repo: names, type: types, commit: ids, path: paths }),
  fc.record({ kind: fc.constant("pipeline" as const), project: names, pipeline: names, version: versions }),
  fc.record({ kind: fc.constant("job" as const), project: names, pipeline: names, id: ids }),
  fc.record({ kind: fc.constant("datum" as const), project: names, pipeline: names, job: ids, id: hex(64) }),
  fc.record({ kind: fc.constant("run" as const), id: ids }),
  fc.record({ kind: fc.constant("dataset" as const), name: texts, digest: texts }),
  fc.record({ kind: fc.constant("artifact" as const), run: ids, path: paths }),
  fc.record({ kind: fc.constant("logged-model" as const), id: names.map((name) => `m-${name}`) }),
  fc.record({ kind: fc.constant("model-version" as const), name: modelNames, version: versions }),
  fc.record({ kind: fc.constant("deployment" as const), id: texts }),
  fc.record({ kind: fc.constant("batch" as const), id: texts }),
);
