import type { Random } from "../../src/stages/random.ts";
import type { RunStatus } from "../../src/mlflow/types.ts";
import { digestOf } from "./names.ts";
import type { Tracking } from "./tracking.ts";
import type { StoredDatum, StoredJob, World } from "./world.ts";
import { chance } from "./world.ts";

const MODELS = ["fraud", "churn"];

/** What `stemma track` leaves of a datum in MLflow: the run, at times others of the same work, children and models. Answers the run card by its path. */
export function trackDatum(
  world: World,
  tracking: Tracking,
  { job, datum, random }: { readonly job: StoredJob; readonly datum: StoredDatum; readonly random: Random },
): ReadonlyMap<string, string> {
  const experimentId = String(1 + random.below(tracking.experiments.length));
  const add = (status: RunStatus, tags: Readonly<Record<string, string>>): string =>
    tracking.addRun({ began: world.tick(), ended: world.tick(), status, experimentId, tags }).id;
  const tags = tagsOf(job, datum, random);
  if (chance(random, 20)) add("FAILED", tags);
  const id = add(datum.state === "SUCCESS" ? "FINISHED" : "FAILED", tags);
  if (chance(random, 15)) add("KILLED", { ...tags, "stemma.superseded_by": id });
  if (chance(random, 20)) add("FINISHED", { "mlflow.parentRunId": id });
  if (chance(random, 40)) logModel(world, tracking, id, random);
  return new Map([[`/${id}`, cardOf(id, job)]]);
}

/** A logged model of a run, at times with a version of a registered model. */
export function logModel(world: World, tracking: Tracking, id: string, random: Random): void {
  const run = tracking.runs.get(id);
  if (run === undefined) return;
  const model = chance(random, 80) ? tracking.addModel(run, world.tick()) : undefined;
  const name = MODELS[random.below(MODELS.length)] ?? "fraud";
  if (chance(random, 60)) tracking.addVersion(name, { run, model }, world.tick());
}

export function codeTags(random: Random): Readonly<Record<string, string>> {
  return chance(random, 50) ? { "mlflow.source.git.commit": digestOf(`code ${random.below(3)}`, 40) } : {};
}

function tagsOf({ name, version }: StoredJob, datum: StoredDatum, random: Random): Readonly<Record<string, string>> {
  const { project, name: pipeline } = name.pipeline;
  const inputs = datum.files.map(({ commit: { repo, id }, path }) => ({
    name: repo.name,
    project: repo.project,
    repo: repo.name,
    branch: "master",
    commit: id,
    path,
  }));
  return {
    "pachyderm.project": project,
    "pachyderm.pipeline": pipeline,
    "pachyderm.pipeline_version": String(version),
    "pachyderm.job": name.id,
    "pachyderm.repo": pipeline,
    "pachyderm.commit": name.id,
    "pachyderm.datum": datum.id,
    "pachyderm.inputs": JSON.stringify(inputs),
    "stemma.key": `${project}/${pipeline}@${name.id}/${datum.id}/${pipeline}`,
    ...codeTags(random),
  };
}

function cardOf(runId: string, { name: { id } }: StoredJob): string {
  return JSON.stringify({
    schema: "stemma/run-card/1",
    runId,
    runName: "run",
    experimentId: "1",
    status: "FINISHED",
    pachyderm: { job: id },
  });
}
