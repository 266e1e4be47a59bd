import { expander, findFile } from "../../src/collect/expand.ts";
import type { Sources } from "../../src/collect/ports.ts";
import { sync } from "../../src/collect/sync.ts";
import type { Node } from "../../src/lineage/graph.ts";
import { referenceTo } from "../../src/lineage/reference.ts";
import { resolve } from "../../src/lineage/resolve.ts";
import { rollUp } from "../../src/lineage/roll-up.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import type { Trace } from "../../src/lineage/answer.ts";
import { concluded } from "../../src/lineage/answer.ts";
import { walk } from "../../src/lineage/walk.ts";
import type { CommitName } from "../../src/pachyderm/types.ts";
import { FakeMlflow, FakePachyderm } from "../helpers/fake-lineage-sources.ts";

export const SET = "1111111111114111811111111111aaaa";
export const RUN = "2222222222224222822222222222bbbb";
export const OTHER_SET = "3333333333334333833333333333cccc";
export const CARD = JSON.stringify({
  schema: "stemma/run-card/1",
  runId: RUN,
  runName: "tree",
  experimentId: "1",
  status: "FINISHED",
  endTime: "2026-11-21T10:01:00Z",
  params: { maxDepth: "5" },
  metrics: { areaUnderPR: 0.5 },
  pachyderm: { job: SET },
});

export interface Story {
  readonly pachyderm: FakePachyderm;
  readonly mlflow: FakeMlflow;
  readonly raw: CommitName;
  readonly split: CommitName;
  readonly etl: CommitName;
  readonly train: CommitName;
}

/**
 * The demo, small:
 *
 *   raw_data          split                 etl            train
 *   /day-1.csv ─ a1 ─ /0/day-1.csv ┬ b0 ─ /0.csv ┐
 *   /day-2.csv ─ a2 ─ /0/day-2.csv ┘             ├ c0 ─ /model, /RUN
 *                   └ /1/day-2.csv ─ b1 ─ /1.csv ┘
 */
export function demoStory(): Story {
  const pachyderm = new FakePachyderm();
  const mlflow = new FakeMlflow();
  const raw = pachyderm.commit("raw_data", SET, ["/day-1.csv", "/day-2.csv"]);
  const split = pachyderm.job("split", SET, raw, [
    { id: "a1", reads: ["/day-1.csv"], writes: ["/0/day-1.csv"] },
    { id: "a2", reads: ["/day-2.csv"], writes: ["/0/day-2.csv", "/1/day-2.csv"] },
  ]);
  const etl = pachyderm.job("etl", SET, split, [
    { id: "b0", reads: ["/0/"], writes: ["/0.csv"] },
    { id: "b1", reads: ["/1/"], writes: ["/1.csv"] },
  ]);
  const train = pachyderm.job("train", SET, etl, [{ id: "c0", reads: ["/"], writes: [`/${RUN}`, "/model"] }], {
    texts: { [`/${RUN}`]: CARD },
  });
  mlflow.runOf(RUN, train, "c0", etl);
  return { pachyderm, mlflow, raw, split, etl, train };
}

/** A repo with so many commits. */
export function longHistory(length: number): FakePachyderm {
  const pachyderm = new FakePachyderm();
  for (let number = 0; number < length; number += 1)
    pachyderm.commit("raw_data", number.toString(16).padStart(32, "0"), [`/${number}`]);
  return pachyderm;
}

/** Syncs an index of its own, resolves a reference there, and walks from it. */
export async function ask(sources: Sources, reference: string, direction: Trace["direction"]): Promise<Trace> {
  using index = new LineageIndex(":memory:");
  return await askIndex(index, sources, reference, direction);
}

/** The same in an index that goes on being used. The gaps of the sync are among the answer's. */
export async function askIndex(
  index: LineageIndex,
  sources: Sources,
  reference: string,
  direction: Trace["direction"],
): Promise<Trace> {
  const report = await sync(index, sources);
  const found = resolve(index, reference);
  const node = "node" in found ? found.node : await findFile(index, sources, formatUrn(found.commit), found.path);
  if (node === undefined) throw new Error(`${reference} is not there`);
  const trace = await walk(index, formatUrn(node), { direction }, expander(index, sources));
  return { ...trace, ...concluded([...trace.gaps, ...report.gaps]) };
}

/** What is in an answer, as a reader would name it, without what only says where something lies. */
export function things(trace: Trace): readonly string[] {
  return [...trace.nodes.values()].map(thingName).toSorted();
}

/** The same of the coarser answer. */
export function coarseThings(trace: Trace): readonly string[] {
  return things(rollUp(trace));
}

export function thingName(node: Node): string {
  const reference = node.kind === "datum" ? `${node.pipeline} ${node.id}` : referenceTo(node);
  return `${node.kind} ${reference.replaceAll(SET, "S").replaceAll(OTHER_SET, "T").replaceAll(RUN, "R")}`;
}
