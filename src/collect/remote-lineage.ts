import type { Node } from "../lineage/graph.ts";
import type { LineageSource, Step } from "../lineage/walk.ts";
import { downCommit, upCommit } from "./commit-steps.ts";
import { downDatum, upDatum } from "./datum-steps.ts";
import { downFile, upFile } from "./file-steps.ts";
import { downJob, downPipeline, upJob } from "./job-steps.ts";
import type { Records } from "./records.ts";
import { NOTHING } from "./records.ts";
import type { Granularity } from "./run-steps.ts";
import { downRun, upRun } from "./run-steps.ts";

/** Lineage as Pachyderm and MLflow tell it when they are asked, step by step. */
export function remoteLineage(records: Records, granularity: Granularity): LineageSource {
  const up = async (node: Node): Promise<Step> => {
    switch (node.kind) {
      case "commit":
        return upCommit(records, node);
      case "file":
        return upFile(records, node);
      case "job":
        return upJob(records, node);
      case "datum":
        return upDatum(records, node);
      case "run":
        return upRun(records, node, granularity);
      default:
        return NOTHING;
    }
  };
  const down = async (node: Node): Promise<Step> => {
    switch (node.kind) {
      case "commit":
        return downCommit(records, node);
      case "file":
        return downFile(records, node);
      case "job":
        return downJob(records, node);
      case "datum":
        return downDatum(records, node);
      case "run":
        return downRun(records, node, granularity);
      case "pipeline":
        return downPipeline(records, node);
      default:
        return NOTHING;
    }
  };
  return { up: unlessGone(up), down: unlessGone(down) };
}

/** Nobody is asked again about what is known to be gone; the gap is noted where that was found out. */
function unlessGone(step: (node: Node) => Promise<Step>): (node: Node) => Promise<Step> {
  return async (node) => (node.state === "gone" || node.state === "unknown" ? NOTHING : step(node));
}
