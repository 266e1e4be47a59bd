import * as fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { importEvents, readEvents, copyImports } from "../../../src/lineage/import/import-openlineage.ts";
import { dump } from "../../../src/lineage/store/dump.ts";
import { LineageIndex } from "../../../src/lineage/store/lineage-index.ts";
import type { Urn } from "../../../src/lineage/urn.ts";
import { runs } from "../../helpers/scale.ts";
import type { EventFields, Json } from "./events.ts";
import { dataset, event, events, facet } from "./events.ts";

function emptyIndex(): LineageIndex {
  const index = new LineageIndex(":memory:");
  onTestFinished(() => index.close());
  return index;
}

function add(index: LineageIndex, ...list: readonly Json[]) {
  return importEvents(index, readEvents("events", list.map((each) => JSON.stringify(each)).join("\n")));
}

function imported(...list: readonly EventFields[]): LineageIndex {
  const index = emptyIndex();
  add(index, ...list.map(event));
  return index;
}

const RUN = "urn:stemma:run:00000000000040008000000000000001" as Urn;
const ORDERS = "urn:stemma:dataset:s3%3A%2F%2Fb%2Forders@7" as Urn;
const orders = dataset("s3://b", "orders", { version: facet({ datasetVersion: "7" }) });

test("any order and repetition of the same events, in one call or in many, is the same index", () => {
  const cases = events.chain((list) =>
    fc.record({
      list: fc.constant(list),
      again: fc
        .array(fc.nat(list.length - 1), { maxLength: 6 })
        .chain((more) =>
          fc.shuffledSubarray([...list, ...more.map((at) => list[at] ?? {})], { minLength: list.length + more.length }),
        ),
      calls: fc.integer({ min: 1, max: 4 }),
    }),
  );
  fc.assert(
    fc.property(cases, ({ list, again, calls }) => {
      using one = new LineageIndex(":memory:");
      using other = new LineageIndex(":memory:");
      add(one, ...list);
      const size = Math.ceil(again.length / calls);
      for (let at = 0; at < again.length; at += size) add(other, ...again.slice(at, at + size));
      expect([...dump(other)]).toEqual([...dump(one)]);
    }),
    runs(40),
  );
});

test("an index that is made anew takes over what was imported", () => {
  fc.assert(
    fc.property(events, (list) => {
      using before = new LineageIndex(":memory:");
      using after = new LineageIndex(":memory:");
      add(before, ...list);
      copyImports(before, after);
      expect([...dump(after)]).toEqual([...dump(before)]);
    }),
    runs(10),
  );
});

describe("a run", () => {
  test("has the inputs and outputs of all its events, its params and how it ended", () => {
    const index = imported(
      { type: "START", minute: 1, inputs: [orders] },
      {
        type: "COMPLETE",
        minute: 5,
        outputs: [dataset("s3://b", "sums")],
        runFacets: { executionParameters: facet({ parameters: [{ key: "lr", value: "0.1" }] }) },
      },
    );
    expect(index.record(RUN)).toMatchObject({
      node: {
        name: "load",
        state: "finished",
        params: { lr: "0.1" },
        began: new Date("2026-01-01T00:01:00Z"),
        time: new Date("2026-01-01T00:05:00Z"),
      },
      rank: "told",
    });
    expect(index.edgesUp(RUN)).toEqual([{ from: RUN, to: ORDERS, kind: "used" }]);
    expect(index.edgesDown(RUN).map(({ from, kind }) => [from, kind])).toEqual([
      ["urn:stemma:dataset:s3%3A%2F%2Fb%2Fsums@", "generated"],
    ]);
  });

  test("is not opened again by a START that comes, or is, later", () => {
    expect(imported({ type: "FAIL", minute: 2 }, { type: "START", minute: 9 }).record(RUN)?.node.state).toBe("failed");
    expect(imported({ type: "FAIL", minute: 2 }, { type: "COMPLETE", minute: 9 }).record(RUN)?.node.state).toBe("finished");
    expect(imported({ type: "START", minute: 2 }, { type: "OTHER", minute: 9 }).record(RUN)?.node.state).toBe("running");
  });

  test("lies within its parent", () => {
    const parent = facet({
      run: { runId: "00000000-0000-4000-8000-000000000002" },
      job: { namespace: "airflow", name: "daily" },
    });
    expect(imported({ runFacets: { parent } }).edgesUp(RUN)).toEqual([
      { from: RUN, to: "urn:stemma:run:00000000000040008000000000000002", kind: "within" },
    ]);
  });

  test("used the git commit that its code lies in", () => {
    const sourceCodeLocation = facet({ type: "git", url: "https://example.com/x", version: "d".repeat(40) });
    expect(imported({ job: { facets: { sourceCodeLocation } } }).edgesUp(RUN)).toEqual([
      { from: RUN, to: `urn:stemma:code:${"d".repeat(40)}`, kind: "used" },
    ]);
  });

  test("of a job of type DEPLOYMENT carries out a deployment, which uses the data", () => {
    const jobType = facet({ processingType: "SERVICE", integration: "K8S", jobType: "DEPLOYMENT" });
    const model = dataset("mlflow://somewhere", "models/fraud", { version: facet({ datasetVersion: "3" }) });
    const index = imported({ job: { namespace: "k8s", name: "scorer", facets: { jobType } }, inputs: [model] });
    const deployment = "urn:stemma:deployment:k8s%2Fscorer" as Urn;
    expect(index.edgesUp(RUN)).toEqual([{ from: RUN, to: deployment, kind: "within" }]);
    expect(index.edgesUp(deployment)).toEqual([{ from: deployment, to: "urn:stemma:model-version:fraud/3", kind: "used" }]);
  });

  test("that MLflow tells of itself stays as MLflow tells of it", () => {
    const index = emptyIndex();
    index.write((writer) =>
      writer.say({ node: { kind: "run", id: RUN.slice(-32), name: "of MLflow" }, rank: "source", edges: [] }),
    );
    expect(add(index, event({ inputs: [orders] }))).toEqual({ events: 1, runs: 1, datasets: 1, known: 1 });
    expect(index.record(RUN)?.node).toMatchObject({ name: "of MLflow" });
    expect(index.edgesUp(RUN)).toEqual([]);
  });
});

describe("a data set", () => {
  test("keeps its facets, of each the latest", () => {
    const version = { version: facet({ datasetVersion: "7" }) };
    const index = imported(
      { minute: 5, outputs: [dataset("s3://b", "orders", { ...version, ...columns("new") })] },
      { minute: 2, outputs: [dataset("s3://b", "orders", { ...version, ...columns("old"), schema: facet({ fields: [] }) })] },
    );
    expect(index.record(ORDERS)?.node).toEqual({
      kind: "dataset",
      name: "s3://b/orders",
      digest: "7",
      sourceType: "openlineage",
      source: "s3://b",
      facets: { ...columns("new"), schema: facet({ fields: [] }) },
    });
  });

  test("without a version is not listed beside one with a version", () => {
    const index = imported({ type: "START", inputs: [dataset("s3://b", "orders")] }, { inputs: [orders] });
    expect(index.edgesUp(RUN).map(({ to }) => to)).toEqual([ORDERS]);
  });

  test("can be told of in an event of its own, and so can a job", () => {
    const index = emptyIndex();
    const [time, job] = ["2026-01-01T00:00:00Z", { namespace: "n", name: "j" }];
    expect(add(index, { eventTime: time, dataset: orders }, { eventTime: time, job, inputs: [orders] })).toEqual({
      events: 2,
      runs: 0,
      datasets: 1,
      known: 0,
    });
    expect(index.record(ORDERS)?.rank).toBe("told");
  });
});

describe("what is no event", () => {
  const good = JSON.stringify(event({}));

  test.each([
    ["no JSON", `${good}\n{"eventTime": nope}`, "f:2: "],
    ["text between", `${good}\n\nhello`, 'f:3: there is "h" where an event should begin.'],
    ["an array that does not end", `[${good},\n`, "f:2: the text ends within its array."],
    ["an event that does not end", `[\n${good},\n{"a": {`, "f:3: the text ends within the event that begins here."],
    ["no time", '{"run": {}}', "f:1: eventTime is not a text that is not empty."],
    ["a time without a zone", '{"eventTime": "2026-01-01T00:00:00"}', "f:1: eventTime is not a date and time with a zone."],
    ["no UUID", good.replace(/"runId":"[^"]*"/, '"runId":"7"'), "f:1: run.runId is not a UUID."],
    [
      "an unknown type",
      good.replace("COMPLETE", "DONE"),
      "f:1: eventType is not one of START, RUNNING, COMPLETE, ABORT, FAIL, OTHER.",
    ],
    ["inputs that are no list", good.replace('"inputs":[]', '"inputs":{}'), "f:1: inputs is not a list."],
    [
      "a data set without a name",
      good.replace('"inputs":[]', '"inputs":[{"namespace":"n"}]'),
      "f:1: inputs[0].name is not a text that is not empty.",
    ],
    [
      "a facet that is no object",
      good.replace('"inputs":[]', '"inputs":[{"namespace":"n","name":"m","facets":{"schema":1}}]'),
      "f:1: inputs[0].facets.schema is not an object.",
    ],
  ])("is named with its line: %s", (_name, text, message) => {
    expect(() => readEvents("f", text)).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringContaining(message) as string }) as Error,
    );
  });

  test("events may lie in an array, one after the other, or over many lines", () => {
    const pretty = JSON.stringify([event({}), event({ run: 2 })], undefined, 2);
    expect(readEvents("f", pretty)).toEqual(readEvents("f", `${good}${JSON.stringify(event({ run: 2 }))}\r\n`));
    expect(readEvents("f", "\uFEFF")).toEqual([]);
  });
});

function columns(name: string): Json {
  return { columnLineage: facet({ fields: { [name]: { inputFields: [{ namespace: "s3://b", name: "x", field: "y" }] } } }) };
}
