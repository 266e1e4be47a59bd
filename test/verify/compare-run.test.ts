import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Run } from "../../src/mlflow/types.ts";
import type { RunCard } from "../../src/tracker/card/run-card.ts";
import { compareRun } from "../../src/verify/compare-run.ts";
import { runs } from "../helpers/scale.ts";

const RUN: Run = {
  id: "a".repeat(32),
  experimentId: "1",
  name: "tree",
  status: "FINISHED",
  startTime: new Date(0),
  endTime: new Date(1),
  artifactUri: "mlflow-artifacts:/1/a/artifacts",
  deleted: false,
  tags: { team: "fraud", "mlflow.runName": "tree" },
  params: { depth: "5" },
  metrics: { auc: 0.75 },
  datasets: [{ name: "rows", digest: "d", sourceType: "pachyderm", source: "{}", context: "training" }],
  outputs: [],
  modelInputs: [],
};

/** The card of the run as it is. */
function cardOf({ tags, params, metrics, datasets }: Run): RunCard {
  const card: Pick<RunCard, "status" | "tags" | "params" | "metrics" | "datasets" | "undelivered"> = {
    status: "FINISHED",
    tags,
    params,
    metrics,
    datasets,
    undelivered: {},
  };
  return card as RunCard;
}

function kinds(card: RunCard, run: Run): string[] {
  return compareRun(card, run).map(({ kind, what = "" }) => `${kind} ${what}`);
}

describe("a run held against its card", () => {
  const card = cardOf(RUN);

  test("is as the card says, also with what was added since", () => {
    expect(compareRun(card, RUN)).toEqual([]);
    expect(compareRun(card, { ...RUN, tags: { ...RUN.tags, later: "x" }, metrics: { ...RUN.metrics, more: 1 } })).toEqual([]);
  });

  test("is told by what changed: a param, a metric, a tag, the status, a data set", () => {
    expect(kinds(card, { ...RUN, params: { depth: "6" } })).toEqual(["param-changed depth"]);
    expect(kinds(card, { ...RUN, metrics: { auc: 0.76 } })).toEqual(["metric-changed auc"]);
    expect(kinds(card, { ...RUN, metrics: {} })).toEqual(["metric-changed auc"]);
    expect(kinds(card, { ...RUN, tags: { team: "other" } })).toEqual(["tag-edited team"]);
    expect(kinds(card, { ...RUN, status: "FAILED" })).toEqual(["status-changed status"]);
    expect(kinds(card, { ...RUN, datasets: [] })).toEqual(["dataset-changed dataset rows@d"]);
  });

  test("may be renamed, and lack what waits to be replayed", () => {
    expect(compareRun(card, { ...RUN, tags: { ...RUN.tags, "mlflow.runName": "best tree" } })).toEqual([]);
    const waiting = { ...card, undelivered: { metrics: 1 } };
    expect(compareRun(waiting, { ...RUN, metrics: {}, status: "RUNNING" })).toEqual([]);
    expect(kinds(waiting, { ...RUN, metrics: { auc: 1 } })).toEqual(["metric-changed auc"]);
    expect(kinds(waiting, { ...RUN, metrics: {}, tags: { ...RUN.tags, "stemma.replayed": "x" } })).toEqual([
      "metric-changed auc",
    ]);
  });

  test("keeps any number as MLflow does: NaN, and the largest one for an infinite one", () => {
    const odd = { ...card, metrics: { a: "NaN", b: "Infinity", c: "-Infinity" } } as const;
    expect(compareRun(odd, { ...RUN, metrics: { a: NaN, b: Number.MAX_VALUE, c: -Number.MAX_VALUE } })).toEqual([]);
    expect(kinds(odd, { ...RUN, metrics: { a: 1, b: Infinity, c: -Infinity } })).toEqual(["metric-changed a"]);
  });

  test("differs by exactly the params that differ", () => {
    const params = fc.dictionary(fc.string(), fc.string({ maxLength: 20 }));
    fc.assert(
      fc.property(params, params, (before, now) => {
        const found = kinds({ ...card, params: before }, { ...RUN, params: { ...before, ...now } });
        const changed = Object.keys(now).filter((key) => Object.hasOwn(before, key) && before[key] !== now[key]);
        expect(found.toSorted()).toEqual(changed.map((key) => `param-changed ${key}`).toSorted());
      }),
      runs(100),
    );
  });
});
