import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Node } from "../../../src/lineage/graph.ts";
import { edge } from "../../../src/lineage/graph.ts";
import { dump } from "../../../src/lineage/store/dump.ts";
import type { Statement } from "../../../src/lineage/store/lineage-index.ts";
import { LineageIndex } from "../../../src/lineage/store/lineage-index.ts";
import { formatUrn } from "../../../src/lineage/urn.ts";
import { runs } from "../../helpers/scale.ts";
import { identities } from "../arbitraries.ts";
import { thing, urnOf } from "../graphs.ts";

const run = { kind: "run", id: "1".repeat(32) } as const;
const job = { kind: "job", project: "default", pipeline: "p", id: "2".repeat(32) } as const;

describe("what is said of a thing", () => {
  test("comes back as it was said", () => {
    const node: Node = {
      ...run,
      name: "train",
      time: new Date(1_000),
      params: { time: "2026-01-01T00:00:00.000Z" },
      metrics: { loss: Number.NaN, best: -Infinity, auc: 0.5 },
    };
    const index = saying({ node, rank: "source", since: new Date(500), edges: [], attempt: true });
    expect(index.record(formatUrn(run))).toEqual({
      node: { ...node, attempt: true },
      rank: "source",
      since: new Date(500),
      attempt: true,
    });
  });

  test("takes the place of what was said before, and leaves what others said", () => {
    const index = saying(
      {
        node: thing("a"),
        rank: "source",
        edges: [edge(thing("a"), "derived", thing("b")), edge(thing("c"), "derived", thing("a"))],
      },
      { node: thing("d"), rank: "source", edges: [edge(thing("a"), "derived", thing("d"))] },
      { node: thing("a"), rank: "source", edges: [edge(thing("a"), "derived", thing("e"))] },
    );
    expect(index.edgesUp(urnOf("a")).map(({ to }) => to)).toEqual(["d", "e"].map(urnOf));
    expect(index.edgesDown(urnOf("a"))).toEqual([]);
  });

  test("is not changed by one who knows less", () => {
    const told: Statement = { node: { ...run, name: "card" }, rank: "told", edges: [edge(run, "within", job)] };
    const known: Statement = { node: { ...run, name: "MLflow" }, rank: "source", edges: [] };
    for (const order of [
      [told, known],
      [known, told],
    ]) {
      const index = saying(...order);
      expect(index.record(formatUrn(run))?.node).toMatchObject({ name: "MLflow" });
      expect(index.edgesUp(formatUrn(run))).toEqual([]);
    }
  });

  test("gives a name to all that it mentions", () => {
    const index = saying({ node: run, rank: "source", edges: [edge(run, "within", job)] });
    expect(index.record(formatUrn(job))).toEqual({ node: job, rank: "named" });
  });

  test("can be added to, until it is said anew", () => {
    const index = saying({ node: run, rank: "source", edges: [] });
    index.write((writer) => writer.add(formatUrn(run), [edge(run, "within", job)]));
    expect(index.edgesUp(formatUrn(run))).toHaveLength(1);
    index.write((writer) => writer.say({ node: run, rank: "source", edges: [] }));
    expect(index.edgesUp(formatUrn(run))).toEqual([]);
  });

  test("can be asked for whole, with its edges and gaps", () => {
    const statement: Statement = {
      node: run,
      rank: "source",
      edges: [edge(run, "within", job), edge(job, "used", thing("a"), { count: 1, names: ["/a"] })],
      gaps: [{ at: formatUrn(job), why: "it is old", effect: "wider" }],
    };
    expect(saying(statement).statement(formatUrn(run))).toEqual(statement);
  });

  test("is marked when the thing is gone, and unmarked when it is there again", () => {
    const index = saying({ node: run, rank: "source", edges: [edge(run, "within", job)] });
    index.write((writer) => writer.markGone(formatUrn(run), new Date(7)));
    expect(index.record(formatUrn(run))).toMatchObject({ gone: new Date(7), node: { gone: new Date(7) } });
    expect(index.edgesUp(formatUrn(run))).toHaveLength(1);
    index.write((writer) => writer.say({ node: run, rank: "source", edges: [] }));
    expect(index.record(formatUrn(run))?.gone).toBeUndefined();
  });

  test("is written only when it differs", () => {
    const statement: Statement = {
      node: { ...run, name: "train" },
      rank: "source",
      since: new Date(1),
      edges: [edge(run, "within", job, { count: 1, names: ["/a"] })],
      gaps: [],
    };
    const index = saying(statement);
    const changes = (): unknown => index.get<{ n: number }>("SELECT total_changes() AS n")?.n;
    const before = changes();
    index.write((writer) => writer.say(statement));
    expect(changes()).toBe(before);
  });
});

describe("labels", () => {
  test("keep where they pointed before", () => {
    const index = saying();
    index.write((writer) => {
      writer.point("alias:fraud", "champion", urnOf("a"), new Date(1));
      writer.point("alias:fraud", "champion", urnOf("a"), new Date(2));
      writer.point("alias:fraud", "champion", urnOf("b"), new Date(3));
      writer.point("alias:fraud", "champion", undefined, new Date(4));
    });
    const label = { scope: "alias:fraud", name: "champion" };
    expect(index.labels({ scope: "alias:fraud" })).toEqual([
      { ...label, target: urnOf("a"), since: new Date(1), until: new Date(3) },
      { ...label, target: urnOf("b"), since: new Date(3), until: new Date(4) },
    ]);
    expect(index.labels({ target: urnOf("b") })).toHaveLength(1);
  });
});

describe("an index", () => {
  test("tells its nodes in the order of their names, all or by kind or beginning", () => {
    const index = saying(...[thing("b"), thing("a"), run].map((node): Statement => ({ node, rank: "source", edges: [] })));
    const all = [thing("a"), thing("b"), run];
    expect([...index.records()].map(({ node }) => node)).toEqual(all);
    expect([...index.records(["run"])].map(({ node }) => node)).toEqual([run]);
    expect([...index.recordsBeginning("run:11")].map(({ node }) => node)).toEqual([run]);
  });

  test("shows nothing of a change that failed", () => {
    const index = saying();
    const failing = (): void =>
      index.write((writer) => {
        writer.say({ node: thing("a"), rank: "source", edges: [edge(thing("a"), "derived", thing("b"))] });
        throw new Error("no");
      });
    expect(failing).toThrow("no");
    expect([...index.records()]).toEqual([]);
    index.write((writer) => writer.say({ node: thing("c"), rank: "source", edges: [edge(thing("c"), "derived", thing("b"))] }));
    expect(index.edgesUp(urnOf("c"))).toEqual([edge(thing("c"), "derived", thing("b"))]);
  });

  test("takes nodes of every kind", () => {
    fc.assert(
      fc.property(fc.array(identities, { minLength: 1 }), (nodes) => {
        const index = saying(...nodes.map((node): Statement => ({ node, rank: "source", edges: [] })));
        for (const node of nodes) expect(index.record(formatUrn(node))?.node).toEqual(node);
        expect([...index.records()]).toHaveLength(new Set(nodes.map(formatUrn)).size);
      }),
      runs(50),
    );
  });

  test("is the same whatever order things are said in, and however often", () => {
    const statements = fc.array(
      fc.record({ name: fc.nat(5), to: fc.array(fc.nat(5)), rank: fc.constantFrom("told" as const, "source" as const) }),
    );
    fc.assert(
      fc.property(statements, fc.infiniteStream(fc.nat()), (said, random) => {
        // Of each thing and rank only one statement can be the newest.
        const once = [...new Map(said.map((each) => [`${each.name} ${each.rank}`, each])).values()].map(({ name, to, rank }) => ({
          node: thing(`${name}`),
          rank,
          edges: to.map((other) => edge(thing(`${name}`), "derived", thing(`${other}`))),
        }));
        const shuffled = [...once, ...once]
          .map((each) => ({ each, at: random.next().value }))
          .sort((a, b) => a.at - b.at)
          .map(({ each }) => each);
        expect([...dump(saying(...shuffled))]).toEqual([...dump(saying(...once))]);
      }),
      runs(50),
    );
  });
});

test("a dump leaves out files and datums, what nothing speaks of any more, and when things were seen", () => {
  const file = { kind: "file", project: "default", repo: "r", type: "user", commit: "3".repeat(32), path: "/a" } as const;
  const index = saying(
    { node: run, rank: "source", edges: [edge(run, "used", file), edge(run, "used", thing("left"))] },
    { node: run, rank: "source", edges: [edge(run, "used", file), edge(run, "within", job)] },
  );
  index.write((writer) => {
    writer.markGone(formatUrn(run), new Date(9));
    writer.point("alias:fraud", "champion", formatUrn(run), new Date(9));
    writer.setCursor("runs", "9");
  });
  expect([...dump(index)].map((line) => JSON.parse(line) as unknown)).toEqual([
    { ...job, reference: `p@${job.id}`, urn: formatUrn(job), rank: "named" },
    { ...run, reference: run.id, urn: formatUrn(run), rank: "source", gone: true },
    edge(run, "within", job),
    { scope: "alias:fraud", name: "champion", target: formatUrn(run) },
  ]);
});

function saying(...statements: readonly Statement[]): LineageIndex {
  const index = new LineageIndex(":memory:");
  index.write((writer) => {
    for (const statement of statements) writer.say(statement);
  });
  return index;
}
