import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StemmaError } from "../../src/lineage/errors.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import type { Edge, Node } from "../../src/lineage/graph.ts";
import { edge } from "../../src/lineage/graph.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import { type Verification, verify } from "../../src/verify/verify.ts";
import { type BothEnds, DATUM, INPUT, JOB, RUN, cardText, soundEnds, sourcesOf } from "./both-ends.ts";

const NODES = {
  run: { kind: "run", id: RUN },
  job: { kind: "job", project: "default", pipeline: "train", id: JOB },
  rows: { kind: "commit", project: "default", repo: "rows", type: "user", id: INPUT },
  output: { kind: "commit", project: "default", repo: "train", type: "user", id: JOB },
  version: { kind: "model-version", name: "fraud", version: 1 },
} as const satisfies Readonly<Record<string, Node>>;
const EARLIER = new Date("2026-11-20T00:00:00Z");

async function* pieces(text: string, failure?: Error): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
  if (failure !== undefined) throw failure;
}

//  rows ◀─used─ job ◀─generated─ output ─generated─▶ run
describe("verify", () => {
  let index: LineageIndex;
  let ends: BothEnds;

  beforeEach(() => {
    ends = soundEnds();
    index = new LineageIndex(":memory:");
    const say = (node: Node, ...edges: Edge[]): void => index.write((writer) => writer.say({ node, rank: "source", edges }));
    say(NODES.rows);
    say(NODES.job, edge(NODES.job, "used", NODES.rows));
    say(NODES.run, edge(NODES.run, "within", NODES.job));
    say(NODES.output, edge(NODES.output, "generated", NODES.job), edge(NODES.output, "generated", NODES.run));
  });
  afterEach(() => index.close());

  function check(nodes: readonly Node[] = Object.values(NODES)): Promise<Verification> {
    return verify(index, sourcesOf(ends), nodes, { artifacts: true, content: true, accepted: new Date(0) });
  }

  /** What it finds, as `kind what`. */
  async function kinds(nodes?: readonly Node[]): Promise<string[]> {
    const { findings, complete } = await check(nodes);
    expect(complete).toBe(true);
    return findings.map(({ kind, what }) => (what === undefined ? kind : `${kind} ${what}`));
  }

  function changeRun(change: object): void {
    const run = ends.runs.get(RUN);
    if (run !== undefined) ends.runs.set(RUN, { ...run, ...change });
  }

  function changeTags(change: Readonly<Record<string, string>>): void {
    changeRun({ tags: { ...ends.runs.get(RUN)?.tags, ...change } });
  }

  function changeCard(otherwise: object): void {
    const run = ends.runs.get(RUN);
    if (run !== undefined) ends.files.set(`train@${JOB}:/${RUN}`, cardText(run, otherwise));
  }

  test("finds nothing where both ends agree", async () => {
    expect(await check()).toMatchObject({ findings: [], complete: true, checked: { run: 1, commit: 2, job: 1 } });
  });

  test("finds a card that is not as it was written, and trusts nothing else of it", async () => {
    const text = ends.files.get(`train@${JOB}:/${RUN}`) ?? "";
    ends.files.set(`train@${JOB}:/${RUN}`, text.replace("0.75", "0.95"));
    expect(await kinds()).toEqual(["card-digest"]);
  });

  test("finds a card that says otherwise than Pachyderm, though its digest is right", async () => {
    const origin = {
      project: "default",
      pipeline: "train",
      job: JOB,
      outputCommit: JOB,
      datum: DATUM,
      version: 3,
      image: "other:2",
    };
    changeCard({
      pachyderm: { ...origin, inputs: [{ name: "rows", project: "default", repo: "rows", commit: "e".repeat(32), path: "/" }] },
    });
    expect(await kinds()).toEqual(["card-lies image", "card-lies inputs", "card-lies pipeline version"]);
    changeCard({ runId: "f".repeat(32) });
    expect(await kinds()).toEqual(["card-lies runId"]);
  });

  test("finds that a run's tags lead elsewhere, by the commit that has its card", async () => {
    changeTags({ "pachyderm.job": "e".repeat(32) });
    expect(await kinds([NODES.run])).toEqual(["commit-gone", "job-gone", "tag-edited pachyderm.job"]);
  });

  test("finds tags that no tracker writes, and a datum that there is not", async () => {
    changeTags({ "pachyderm.job": "no id" });
    expect(await kinds([NODES.run])).toEqual(["tag-edited pachyderm.*", "tag-edited pachyderm.job"]);
    changeTags({ "pachyderm.job": JOB, "pachyderm.datum": "abc" });
    expect(await kinds([NODES.run])).toEqual(["datum-gone datum", "tag-edited pachyderm.datum"]);
  });

  test("finds a run that has no card though it should, and none of a run that goes on", async () => {
    ends.files.delete(`train@${JOB}:/${RUN}`);
    expect(await kinds()).toEqual(["card-missing"]);
    changeRun({ status: "RUNNING" });
    expect(await kinds()).toEqual([]);
  });

  test("finds what is gone and still referred to: run, job, commits", async () => {
    ends.runs.clear();
    expect(await kinds()).toEqual(["run-missing"]);
    ends.jobs.clear();
    ends.commits.clear();
    expect(await kinds()).toEqual(["commit-gone", "commit-gone", "job-gone", "run-missing"]);
  });

  test("finds no fault in a commit that is gone and that nothing refers to", async () => {
    const alone: Node = { ...NODES.rows, id: "e".repeat(32) };
    index.write((writer) => writer.say({ node: alone, rank: "source", edges: [] }));
    expect(await kinds([alone])).toEqual([]);
  });

  test("finds an artifact that is gone, and none that waits in an outbox", async () => {
    ends.artifacts.clear();
    expect(await kinds()).toEqual(["artifact-missing"]);
    changeCard({ undelivered: { artifact: 1 } });
    expect(await kinds()).toEqual([]);
  });

  test("finds files that cannot be read, or are not what their hash says", async () => {
    const { pachyderm, mlflow } = sourcesOf(ends);
    const options = { artifacts: false, content: true, accepted: new Date(0) };
    const damaged = { ...pachyderm, readFile: () => pieces("2\n") };
    const found = await verify(index, { pachyderm: damaged, mlflow }, [NODES.rows], options);
    expect(found.findings).toMatchObject([{ kind: "content-damaged", at: expect.stringContaining("/day.csv") }]);
    const lost = { ...pachyderm, readFile: () => pieces("1", new StemmaError("INTEGRITY", "object is cut")) };
    const unreadable = await verify(index, { pachyderm: lost, mlflow }, [NODES.rows], options);
    expect(unreadable.findings).toMatchObject([{ kind: "content-damaged", found: "object is cut" }]);
  });

  test("finds a version whose run or logged model is gone, and an alias that moved or vanished, until that is accepted", async () => {
    const version = {
      name: "fraud",
      version: "1",
      runId: RUN,
      source: "models:/m-1",
      aliases: [],
      stage: "None",
      tags: {},
      created: EARLIER,
    };
    ends.versions.push(version);
    ends.registered.set("fraud", { name: "fraud", updated: EARLIER, aliases: {}, latest: [] });
    index.write((writer) => {
      writer.say({ node: NODES.version, rank: "source", edges: [] });
      writer.point("alias:fraud", "champion", formatUrn(NODES.version), EARLIER);
    });
    expect(await kinds([NODES.version])).toEqual(["alias-gone @champion", "version-model-gone"]);
    ends.runs.clear();
    ends.registered.set("fraud", { name: "fraud", updated: EARLIER, aliases: { champion: "2" }, latest: [] });
    expect(await kinds([NODES.version])).toEqual(["alias-moved @champion", "version-run-gone"]);
    const second = formatUrn({ ...NODES.version, version: 2 });
    index.write((writer) => writer.point("alias:fraud", "champion", second, new Date("2026-11-21T00:00:00Z")));
    const options = { artifacts: true, content: true, accepted: new Date("2026-11-22T00:00:00Z") };
    const accepted = await verify(index, sourcesOf(ends), [NODES.version], options);
    expect(accepted.findings.map(({ kind }) => kind)).toEqual(["version-run-gone"]);
  });
});
