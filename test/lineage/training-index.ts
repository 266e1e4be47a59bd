import type { CommitNode, Edge, Node, RunNode } from "../../src/lineage/graph.ts";
import { edge } from "../../src/lineage/graph.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import type { IndexWriter } from "../../src/lineage/store/index-writer.ts";
import type { PipelineIdentity } from "../../src/lineage/urn.ts";
import { formatUrn } from "../../src/lineage/urn.ts";

const START = Date.parse("2026-11-20T10:00:00Z");
const DAY_MS = 86_400_000;

/** The id of a day's commit set: all its commits and jobs have it. */
export function setId(day: number): string {
  return `${day}`.padStart(8, "c").padEnd(32, "0");
}

export function runId(day: number): string {
  return `${day}`.padStart(8, "a").padEnd(32, "0");
}

export function commit(repo: string, day: number): CommitNode {
  return { kind: "commit", project: "default", repo, type: "user", id: setId(day) };
}

export function at(day: number, seconds = 0): Date {
  return new Date(START + (day - 1) * DAY_MS + seconds * 1000);
}

export interface TrainingOptions {
  /** Where to keep it; in memory by default. */
  readonly file?: string;
  readonly days?: number;
  /** What is said of a day's run beside the usual. */
  readonly run?: (day: number) => Partial<RunNode>;
}

/**
 * A training that happened on some days, each in a commit set of its own:
 *
 *   raw_data → job etl → etl → job train → train, with run "day N", from which models:/fraud/N comes; the last one is champion
 */
export function trainingIndex({ file = ":memory:", days = 2, run = () => ({}) }: TrainingOptions = {}): LineageIndex {
  const index = new LineageIndex(file);
  index.write((writer) => {
    for (let day = 1; day <= days; day += 1) sayDay(writer, day, run(day));
    for (const repo of ["raw_data", "etl", "train"])
      writer.point(`branch:default/${repo}`, "master", formatUrn(commit(repo, days)), at(days));
    writer.point("alias:fraud", "champion", formatUrn({ kind: "model-version", name: "fraud", version: days }), at(days, 40));
  });
  return index;
}

function version(pipeline: string): PipelineIdentity {
  return { kind: "pipeline", project: "default", pipeline, version: 1 };
}

function sayDay(writer: IndexWriter, day: number, more: Partial<RunNode>): void {
  const [raw, etl, train] = [commit("raw_data", day), commit("etl", day), commit("train", day)];
  const say = (node: Node, seconds: number, ...edges: readonly Edge[]): void =>
    writer.say({ node: { time: at(day, seconds), ...node }, rank: "source", since: at(day), edges });
  const before = day === 1 ? {} : { parent: setId(day - 1) };
  const run: RunNode = {
    kind: "run",
    id: runId(day),
    name: `day ${day}`,
    experiment: "1",
    state: "finished",
    params: { depth: "5", seed: String(day) },
    metrics: { auc: 0.9 + day / 100, "system/cpu": day },
    tags: {
      "mlflow.source.git.commit": `${day}`.padStart(40, "9"),
      "stemma.git_dirty": "false",
      "pachyderm.image": "stemma/spark:1",
    },
    link: `http://mlflow.test/#/experiments/1/runs/${runId(day)}`,
    ...more,
  };
  const job = (pipeline: string) => ({ kind: "job", project: "default", pipeline, id: setId(day) }) as const;
  say({ ...raw, ...before, state: "finished" }, 1);
  for (const [pipeline, input, output, seconds] of [
    ["etl", raw, etl, 10],
    ["train", etl, train, 20],
  ] as const) {
    say({ ...version(pipeline), image: "stemma/spark:1", command: ["spark-submit", `${pipeline}.py`], specDigest: pipeline }, 0);
    say(
      { ...job(pipeline), state: "success", version: 1 },
      seconds,
      edge(job(pipeline), "of", version(pipeline)),
      edge(job(pipeline), "used", input, { count: 1, names: ["/part.csv"] }),
    );
    const made = pipeline === "train" ? [edge(output, "generated", run)] : [];
    say({ ...output, ...before, state: "finished" }, seconds, edge(output, "generated", job(pipeline)), ...made);
  }
  say(run, 30, edge(run, "within", job("train")));
  const model = { kind: "model-version", name: "fraud", version: day } as const;
  say(model, 35, edge(model, "generated", run));
}
