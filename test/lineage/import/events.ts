import * as fc from "fast-check";

export type Json = Readonly<Record<string, unknown>>;

export const PRODUCER = "https://example.com/spark";

export function facet(fields: Json): Json {
  return { _producer: PRODUCER, _schemaURL: "https://openlineage.io/spec/facets/1-0-0/Facet.json", ...fields };
}

export function dataset(namespace: string, name: string, facets: Json = {}): Json {
  return { namespace, name, facets };
}

export interface EventFields {
  readonly type?: string;
  readonly minute?: number;
  readonly run?: number;
  readonly job?: Json;
  readonly runFacets?: Json;
  readonly inputs?: readonly Json[];
  readonly outputs?: readonly Json[];
}

/** An event as Spark's integration would send it. */
export function event({
  type = "COMPLETE",
  minute = 0,
  run = 1,
  job = {},
  runFacets = {},
  inputs = [],
  outputs = [],
}: EventFields): Json {
  return {
    eventType: type,
    eventTime: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
    producer: PRODUCER,
    schemaURL: "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
    run: { runId: runId(run), facets: runFacets },
    job: { namespace: "spark", name: "load", ...job },
    inputs,
    outputs,
  };
}

export function runId(run: number): string {
  return `00000000-0000-4000-8000-${String(run).padStart(12, "0")}`;
}

const names = fc.constantFrom("orders", "a/b", "two words", "数据 ' @ %");
const datasets = fc
  .record({
    namespace: fc.constantFrom("postgres://db:5432", "s3://bucket"),
    name: names,
    version: fc.option(fc.constantFrom("1", "2")),
    columns: fc.option(fc.constantFrom("id", "amount")),
    deleted: fc.boolean(),
  })
  .map(({ namespace, name, version, columns, deleted }) =>
    dataset(namespace, name, {
      ...(version === null ? {} : { version: facet({ datasetVersion: version }) }),
      ...(columns === null
        ? {}
        : { columnLineage: facet({ fields: { [columns]: { inputFields: [] } }, ...(deleted ? { _deleted: true } : {}) }) }),
    }),
  );

/** Events of few runs, so that many of them speak of the same. */
export const events: fc.Arbitrary<readonly Json[]> = fc.array(
  fc
    .record({
      type: fc.constantFrom("START", "RUNNING", "COMPLETE", "FAIL", "ABORT", "OTHER"),
      minute: fc.nat(3),
      run: fc.nat(2),
      parent: fc.option(fc.nat(3)),
      param: fc.option(fc.constantFrom("0.1", "0.2")),
      job: fc.record({
        name: names,
        facets: fc.constantFrom({}, { jobType: facet({ jobType: "DEPLOYMENT", processingType: "SERVICE", integration: "K8S" }) }),
      }),
      inputs: fc.array(datasets, { maxLength: 2 }),
      outputs: fc.array(datasets, { maxLength: 2 }),
    })
    .map(({ parent, param, ...fields }) =>
      event({
        ...fields,
        runFacets: {
          ...(parent === null ? {} : { parent: facet({ run: { runId: runId(parent) }, job: { namespace: "n", name: "p" } }) }),
          ...(param === null ? {} : { executionParameters: facet({ parameters: [{ key: "lr", value: param }] }) }),
        },
      }),
    ),
  { minLength: 1, maxLength: 8 },
);
