import type { Node } from "../graph.ts";

/** True for what happened, false for what there is: the difference between an activity and an entity of PROV. */
export function isActivity({ kind }: Node): boolean {
  return kind === "job" || kind === "datum" || kind === "run" || kind === "deployment" || kind === "batch";
}
