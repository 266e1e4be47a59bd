import { setTimeout as pause } from "node:timers/promises";
import { StemmaError } from "../lineage/errors.ts";
import { type JobInfo, type PipelineName, TERMINAL_JOB_STATES } from "../pachyderm/types.ts";
import type { PinnedBranch } from "./pinned-spec.ts";
import { pinSpec } from "./pinned-spec.ts";
import type { Plan } from "./plan.ts";
import { jobText } from "./plan.ts";
import type { ReproducePorts } from "./ports.ts";

const POLL_MS = 200;
/** A pipeline that gets no further by itself. */
const STUCK: ReadonlySet<string> = new Set(["PIPELINE_FAILURE", "PIPELINE_CRASHING"]);
const TERMINAL: ReadonlySet<string> = new Set(TERMINAL_JOB_STATES);

/** A stage that ran again. */
export interface RunAgain {
  readonly job: JobInfo;
  /** Why it did not come to its end; undefined when it did. */
  readonly failure: string | undefined;
}

/**
 * Has Pachyderm run a job's stage again, as a pipeline of its own on branches of their own, gives `look` its output, and takes all
 * that away again, whatever happens.
 */
export async function runAgain<Result>(
  ports: ReproducePorts,
  { plan, folder, description }: { readonly plan: Plan; readonly folder: string | undefined; readonly description: string },
  look: (again: RunAgain) => Promise<Result>,
): Promise<Result> {
  const pipeline: PipelineName = { project: plan.job.job.pipeline.project, name: `reproduce-${plan.id}` };
  const spec = pinSpec(plan.spec, { pipeline, description, branches: plan.branches, folder });
  const made: PinnedBranch[] = [];
  let isMade = false;
  try {
    for (const branch of distinct(plan.branches)) {
      made.push(branch);
      await ports.pachyderm.createBranch({ repo: branch.commit.repo, name: branch.name }, { head: branch.commit.id });
    }
    ports.say(`running ${plan.job.job.pipeline.name} again as pipeline ${pipeline.name}`);
    isMade = true;
    await ports.pachyderm.createPipeline(JSON.stringify(spec));
    return await look(await follow(ports, pipeline));
  } finally {
    await takeAway(ports, isMade ? pipeline : undefined, made);
  }
}

/** Two inputs may read the same commit. */
function distinct(branches: Plan["branches"]): Iterable<PinnedBranch> {
  return new Map([...branches.values()].map((branch) => [keyOf(branch), branch])).values();
}

function keyOf({ commit: { repo }, name }: PinnedBranch): string {
  return `${repo.project}/${repo.name}.${repo.type}@${name}`;
}

/** Waits until its job has ended, or it is clear that it never will. */
async function follow({ pachyderm, say, signal }: ReproducePorts, pipeline: PipelineName): Promise<RunAgain> {
  for (;;) {
    signal.throwIfAborted();
    const [found] = await Array.fromAsync(pachyderm.listJobs({ pipeline }));
    if (found !== undefined && TERMINAL.has(found.state)) return ended(pachyderm, found);
    const { state, reason } = await pachyderm.inspectPipeline(pipeline);
    if (STUCK.has(state)) throw new StemmaError("FAILED", `the pipeline does not start: ${reason || state}`);
    if (found !== undefined) say(`job ${jobText(found.job)}: ${found.datums.processed} of ${found.datums.total} datums`);
    await pause(POLL_MS, undefined, { signal });
  }
}

async function ended(pachyderm: ReproducePorts["pachyderm"], { job }: JobInfo): Promise<RunAgain> {
  const info = await pachyderm.inspectJob(job, { wait: true });
  if (info.state !== "JOB_SUCCESS") return { job: info, failure: info.reason || info.state };
  await pachyderm.inspectCommit({ repo: info.outputCommit.repo, at: info.outputCommit.id }, "FINISHED");
  return { job: info, failure: undefined };
}

/** What cannot be taken away is said, and hides nothing of what came before. */
async function takeAway(
  { pachyderm, say }: ReproducePorts,
  pipeline: PipelineName | undefined,
  branches: readonly PinnedBranch[],
): Promise<void> {
  const removals = [
    ...(pipeline === undefined
      ? []
      : [{ what: `pipeline ${pipeline.name}`, remove: () => pachyderm.deletePipeline(pipeline, { force: true }) }]),
    ...branches.map(({ name, commit: { repo } }) => ({
      what: `branch ${repo.name}@${name}`,
      remove: () => pachyderm.deleteBranch({ repo, name }),
    })),
  ];
  for (const { what, remove } of removals) {
    try {
      await remove();
    } catch (error) {
      if (!(error instanceof StemmaError)) throw error;
      if (error.code !== "NOT_FOUND") say(`${what} is left over: ${error.message}`);
    }
  }
}
