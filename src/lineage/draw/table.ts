import { oneLine } from "../describe.ts";
import type { Graph, Node } from "../graph.ts";
import { referenceTo } from "../reference.ts";
import { timeText } from "./words.ts";

export const TRACE_HEAD = ["KIND", "REFERENCE", "NAME", "STATE", "TIME"] as const;

/** What is in an answer, a row for each thing, those that are nearer first. */
export function traceRows({ nodes }: Pick<Graph, "nodes">): ReadonlyArray<readonly string[]> {
  return [...nodes.values()].map((node) => [node.kind, referenceTo(node), ...moreOf(node)].map(oneLine));
}

function moreOf(node: Node): readonly string[] {
  return [givenName(node), stateText(node), timeText(node.time)].map((text) => (text === "" ? "-" : text));
}

/** What its makers call it, besides its id. */
export function givenName(node: Node): string {
  switch (node.kind) {
    case "run":
    case "logged-model":
    case "deployment":
      return node.name ?? "";
    case "model-version":
      return [...(node.aliases ?? []).map((alias) => `@${alias}`), ...(node.stage === undefined ? [] : [node.stage])].join(" ");
    case "pipeline":
      return node.image ?? "";
    default:
      return "";
  }
}

/** Its state, and whether it is gone or only a try that another replaced. */
export function stateText({ state, gone, attempt }: Node): string {
  return [state ?? "", gone === undefined ? "" : "gone", attempt === true ? "attempt" : ""]
    .filter((text) => text !== "")
    .join(", ");
}
