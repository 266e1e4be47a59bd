import { nodeToJson } from "../describe.ts";
import { formatUrn } from "../urn.ts";
import type { DataPart, Making, Why, WhyStep } from "../why.ts";
import type { WhyExtras } from "./draw.ts";

export interface WhyJson {
  readonly version: 1;
  readonly kind: "why";
  readonly complete: boolean;
  readonly gaps: Why["gaps"];
  readonly root: object;
  readonly labels: readonly string[];
  readonly chain: readonly object[];
  readonly steps: readonly object[];
}

/** A chain as one JSON object. */
export function whyToJson({ root, chain, steps, complete, gaps }: Why, extras: WhyExtras): WhyJson {
  return {
    version: 1,
    kind: "why",
    complete,
    gaps,
    root: nodeToJson(root),
    labels: extras.labels,
    chain: chain.map(nodeToJson),
    steps: steps.map((step) => stepToJson(step, extras)),
  };
}

function stepToJson({ what, made }: WhyStep, extras: WhyExtras): object {
  return {
    ...(what.kind === "data" ? { data: dataToJson(what, extras) } : { node: nodeToJson(what) }),
    ...(made === undefined ? {} : { made: makingToJson(made, extras) }),
  };
}

function dataToJson({ commit, paths, count, sizeBytes }: DataPart, { rows }: WhyExtras): object {
  return { commit: nodeToJson(commit), whole: count === undefined, paths, count, sizeBytes, rows: rows.get(formatUrn(commit)) };
}

function makingToJson({ job, pipeline, runs, datums, from, datasets, models, code }: Making, { words }: WhyExtras): object {
  return {
    ...(job === undefined ? {} : { job: nodeToJson(job) }),
    ...(pipeline === undefined ? {} : { pipeline: nodeToJson(pipeline) }),
    runs: runs.map((run) => {
      const { code, environment } = words.get(formatUrn(run)) ?? {};
      return { ...nodeToJson(run), code, environment };
    }),
    datums,
    from,
    datasets: datasets.map(nodeToJson),
    models: models.map(nodeToJson),
    code: code.map(nodeToJson),
  };
}
