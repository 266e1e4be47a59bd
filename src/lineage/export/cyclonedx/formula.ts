import { nameOf } from "../../describe.ts";

import { formatUrn } from "../../urn.ts";
import { known } from "../canonical.ts";
import type { Activity, GraphView } from "../graph-view.ts";
import { beganAt, isActivity } from "../graph-view.ts";
import { properties } from "./properties.ts";

const REF = "urn:stemma:workflow";

/** How the components were made: one workflow, with a task for each job and run. */
export function toFormula(view: GraphView): object {
  const tasks = view.activities;
  return {
    "bom-ref": `${REF}:formula`,
    workflows: [
      {
        "bom-ref": REF,
        uid: REF,
        name: "lineage",
        taskTypes: ["build"],
        tasks: tasks.map((node) => toTask(view, node)),
        taskDependencies: tasks.map((node) => ({ ref: taskRef(node), dependsOn: tasksBefore(view, node) })),
      },
    ],
  };
}

function toTask(view: GraphView, node: Activity): object {
  const inputs = view.above(node, "used").map(({ edge }) => ({ resource: { ref: edge.to } }));
  const outputs = view.below(node, "generated").map((made) => ({ type: "artifact", resource: { ref: formatUrn(made) } }));
  return known({
    "bom-ref": taskRef(node),
    uid: formatUrn(node),
    name: nameOf(node),
    taskTypes: ["build"],
    inputs: inputs.length === 0 ? undefined : inputs,
    outputs: outputs.length === 0 ? undefined : outputs,
    timeStart: beganAt(node)?.toISOString(),
    timeEnd: node.time?.toISOString(),
    ...properties(node),
  });
}

/** A job or run may be the root component as well, and a reference is to one thing only. */
function taskRef(node: Activity): string {
  return `${formatUrn(node)}#task`;
}

function tasksBefore(view: GraphView, node: Activity): readonly string[] {
  const makers = view.above(node, "used").flatMap((used) => view.parents(used.node, "generated"));
  const places = view.parents(node, "within");
  return [...new Set([...makers, ...places].filter(isActivity).map(taskRef))].filter((ref) => ref !== taskRef(node)).sort();
}
