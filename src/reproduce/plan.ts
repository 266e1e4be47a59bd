import { jobOfRun } from "../collect/run-links.ts";
import { StemmaError, orAbsent } from "../lineage/errors.ts";
import type { Run } from "../mlflow/types.ts";
import type { CommitName, JobInfo, JobName } from "../pachyderm/types.ts";
import { type JsonObject, parseObject } from "../tracker/json.ts";
import { codeProblems } from "./code.ts";
import { type PinnedBranch, obstacleIn } from "./pinned-spec.ts";
import type { ReproduceOptions, ReproducePorts } from "./ports.ts";

/** All that is needed to run a job again. */
export interface Plan {
  readonly job: JobInfo;
  readonly spec: JsonObject;
  /** By the names of the inputs. */
  readonly branches: ReadonlyMap<string, PinnedBranch>;
  readonly id: string;
}

/** A plan, or what is missing for one. */
export type Planned = { readonly plan: Plan } | { readonly missing: readonly string[] };

/** Finds what a run's job was made of. Nothing is changed yet. Rejects with UNSUPPORTED for a run outside of jobs. */
export async function planReproduction(ports: ReproducePorts, run: Run, options: ReproduceOptions): Promise<Planned> {
  const name = jobOfRun(run);
  if (name === undefined)
    throw new StemmaError("UNSUPPORTED", `run ${run.id} was not made by a job of Pachyderm.`, {
      hint: "Only a job says what its command was given: put `stemma track --` into a pipeline.",
    });
  const job = await orAbsent(ports.pachyderm.inspectJob(name));
  if (job === undefined) return { missing: [`the job ${jobText(name)} is gone, or its pipeline`] };
  const missing: string[] = [];
  const id = ports.newId();
  const branches = await findInputs(ports, job, id, missing);
  await findOutput(ports, job, missing);
  const spec = await findSpec(ports, job, missing);
  if (!options.allowOtherCode) missing.push(...(await codeProblems(ports, run)));
  return missing.length > 0 || spec === undefined ? { missing } : { plan: { job, spec, branches, id } };
}

export function jobText({ pipeline, id }: JobName): string {
  return `${pipeline.project === "default" ? "" : `${pipeline.project}/`}${pipeline.name}@${id}`;
}

/** The commits that the job read: a repo may have none of the job's set, then it is the one that stands for it. */
async function findInputs(
  { pachyderm }: ReproducePorts,
  { inputs }: JobInfo,
  id: string,
  missing: string[],
): Promise<ReadonlyMap<string, PinnedBranch>> {
  const branches = new Map<string, PinnedBranch>();
  for (const { name, repo, commit } of inputs) {
    const info = await orAbsent(pachyderm.inspectCommit({ repo, at: commit }));
    if (info === undefined) missing.push(`the input commit ${repo.name}@${commit} is gone`);
    else branches.set(name, { name: branchName(id, info.commit), commit: info.commit });
  }
  return branches;
}

/** Without a part of the commit's id, two commits of one repo would be one branch. */
function branchName(id: string, { id: commit }: CommitName): string {
  return `reproduce-${id}-${commit.slice(0, 8)}`;
}

async function findOutput({ pachyderm }: ReproducePorts, { outputCommit, state }: JobInfo, missing: string[]): Promise<void> {
  const text = `${outputCommit.repo.name}@${outputCommit.id}`;
  if (state !== "JOB_SUCCESS")
    missing.push(`the job did not succeed (${state}), so there is nothing to hold the new output against`);
  const info = await orAbsent(pachyderm.inspectCommit({ repo: outputCommit.repo, at: outputCommit.id }));
  if (info?.commit.id !== outputCommit.id)
    missing.push(`the output commit ${text} is gone: there is nothing to hold the new output against`);
}

async function findSpec(
  { pachyderm }: ReproducePorts,
  { job, pipelineVersion }: JobInfo,
  missing: string[],
): Promise<JsonObject | undefined> {
  const versions = (await orAbsent(Array.fromAsync(pachyderm.listPipelines({ allVersionsOf: job.pipeline })))) ?? [];
  const info = versions.find(({ version }) => version === pipelineVersion);
  const spec = info === undefined ? undefined : parseObject(info.effectiveSpecJson || info.userSpecJson);
  const obstacle =
    spec === undefined ? `Pachyderm has no spec of ${job.pipeline.name}#${pipelineVersion} any more` : obstacleIn(spec);
  if (obstacle !== undefined) missing.push(obstacle);
  return spec;
}
