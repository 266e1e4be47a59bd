import type { LoggedModelNode } from "../../lineage/graph.ts";
import { edge } from "../../lineage/graph.ts";
import type { Statement } from "../../lineage/store/lineage-index.ts";
import type { LoggedModel } from "../../mlflow/types.ts";

const RUN_ID = /^[0-9a-f]{32}$/;

/** All that MLflow says of a logged model. */
export function loggedModelStatement(model: LoggedModel, link: string): Statement {
  const { id, name, tags, params, metrics, created, experimentId, sourceRunId = "", status } = model;
  const facts = { params, metrics, experiment: experimentId };
  const node: LoggedModelNode = {
    kind: "logged-model",
    id,
    name,
    state: status.toLowerCase(),
    time: created,
    tags,
    link,
    ...facts,
  };
  const edges = RUN_ID.test(sourceRunId) ? [edge(node, "generated", { kind: "run", id: sourceRunId })] : [];
  return { node, rank: "source", since: created, edges };
}
