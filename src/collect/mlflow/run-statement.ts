import { StemmaError } from "../../lineage/errors.ts";
import type { Edge, RunNode } from "../../lineage/graph.ts";
import { edge, fileNames } from "../../lineage/graph.ts";
import type { Statement } from "../../lineage/store/lineage-index.ts";
import type { CommitIdentity, JobIdentity, RunIdentity } from "../../lineage/urn.ts";
import { formatUrn } from "../../lineage/urn.ts";
import type { Gap } from "../../lineage/answer.ts";
import type { Run } from "../../mlflow/types.ts";
import type { JobName } from "../../pachyderm/types.ts";
import { datumOfRun, foreignDatasets, inputsOfRun, jobOfRun, unreadableDatasets } from "../run-links.ts";

const RUN_ID = /^[0-9a-f]{32}$/;
const GIT_COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;
/** Longer notes are documents of their own. */
const LONGEST_NOTE = 1024;

/** All that MLflow says of a run. What in it cannot be read is a gap. */
export function runStatement(run: Run, link: string): Statement {
  const gaps: Gap[] = [];
  const orGap = (read: () => readonly Edge[]): readonly Edge[] => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof StemmaError)) throw error;
      gaps.push(missing(run, error.message));
      return [];
    }
  };
  const edges = [
    ...orGap(() => placeEdges(run)),
    ...parentEdges(run),
    ...datasetEdges(run),
    ...codeEdges(run),
    ...modelEdges(run),
  ];
  for (const { name } of unreadableDatasets(run))
    gaps.push(missing(run, `its data set "${name}" is of Pachyderm and does not say which commit`));
  return { node: toRunNode(run, link), rank: "source", since: run.startTime, edges, gaps };
}

export function toRunNode(run: Run, link: string): RunNode {
  const state = run.status.toLowerCase();
  return {
    kind: "run",
    id: run.id,
    name: run.name,
    experiment: run.experimentId,
    state: run.deleted ? `${state}, deleted` : state,
    time: run.endTime ?? run.startTime,
    began: run.startTime,
    params: run.params,
    metrics: run.metrics,
    tags: Object.fromEntries(Object.entries(run.tags).filter(([key, value]) => isKept(key, value))),
    link,
    supersededBy: run.tags["stemma.superseded_by"],
  };
}

function isKept(key: string, value: string): boolean {
  return key !== "mlflow.log-model.history" && !(key === "mlflow.note.content" && value.length > LONGEST_NOTE);
}

/** The job or datum that it ran in, and the commit that came out of that; or else the data that it says it read. */
function placeEdges(run: Run): readonly Edge[] {
  const job = jobOfRun(run);
  if (job === undefined) return inputEdges(run);
  const { pipeline, id } = job;
  const place: JobIdentity = { kind: "job", project: pipeline.project, pipeline: pipeline.name, id };
  const datum = datumOfRun(run);
  return [
    edge(self(run), "within", place),
    ...(datum === undefined ? [] : [edge(self(run), "within", { ...place, kind: "datum", job: id, id: datum })]),
    edge(outputOf(job), "generated", self(run)),
  ];
}

function outputOf({ pipeline, id }: JobName): CommitIdentity {
  return { kind: "commit", project: pipeline.project, repo: pipeline.name, type: "user", id };
}

function inputEdges(run: Run): readonly Edge[] {
  const paths = new Map<string, { readonly commit: CommitIdentity; readonly paths: string[] }>();
  for (const { commit, path } of inputsOfRun(run)) {
    const { project, name, type } = commit.repo;
    const identity: CommitIdentity = { kind: "commit", project, repo: name, type, id: commit.id };
    const urn = formatUrn(identity);
    const known = paths.get(urn);
    if (known === undefined) paths.set(urn, { commit: identity, paths: [path] });
    else known.paths.push(path);
  }
  return [...paths.values()].map((input) => edge(self(run), "used", input.commit, fileNames(input.paths)));
}

function parentEdges(run: Run): readonly Edge[] {
  const parent = run.tags["mlflow.parentRunId"] ?? "";
  return RUN_ID.test(parent) && parent !== run.id ? [edge(self(run), "within", { kind: "run", id: parent })] : [];
}

function datasetEdges(run: Run): readonly Edge[] {
  return foreignDatasets(run).map(({ name, digest }) => edge(self(run), "used", { kind: "dataset", name, digest }));
}

function codeEdges(run: Run): readonly Edge[] {
  const commit = (run.tags["mlflow.source.git.commit"] ?? "").toLowerCase();
  return GIT_COMMIT.test(commit) ? [edge(self(run), "used", { kind: "code", commit })] : [];
}

function modelEdges(run: Run): readonly Edge[] {
  return [
    ...run.modelInputs.map((id) => edge(self(run), "used", { kind: "logged-model", id })),
    ...run.outputs.map((id) => edge({ kind: "logged-model", id }, "generated", self(run))),
  ];
}

function self({ id }: Run): RunIdentity {
  return { kind: "run", id };
}

function missing(run: Run, why: string): Gap {
  return { at: formatUrn(self(run)), why, effect: "missing" };
}
