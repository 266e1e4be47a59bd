import { codeNotes, otherCode } from "./code.ts";
import { compareJobs } from "./compare-jobs.ts";
import { readOutput } from "./output.ts";
import { jobText, planReproduction } from "./plan.ts";
import type { ReproduceOptions, ReproducePorts } from "./ports.ts";
import { runAgain } from "./stage.ts";
import type { Reproduction } from "./verdict.ts";

/** Runs the stage that a run was part of again, on the same commits, and says whether the same comes of it. Rejects with NOT_FOUND for the run. */
export async function reproduce(ports: ReproducePorts, runId: string, options: ReproduceOptions): Promise<Reproduction> {
  const run = await ports.mlflow.inspectRun(runId);
  const blank: Reproduction = {
    verdict: "missing",
    run: run.id,
    datums: 0,
    files: 0,
    metrics: 0,
    tolerance: options.tolerance,
    differences: [],
    leftOut: [],
    missing: [],
    notes: codeNotes(run),
  };
  const planned = await planReproduction(ports, run, options);
  if ("missing" in planned) return { ...blank, missing: planned.missing };
  const { plan } = planned;
  const known = { ...blank, job: jobText(plan.job.job) };
  const description = `Runs ${known.job} again for \`stemma reproduce ${run.id}\`, and goes away by itself.`;
  return runAgain(ports, { plan, folder: options.folder, description }, async (again) => {
    if (again.failure !== undefined)
      return { ...known, verdict: "failed", notes: [...known.notes, `The job failed: ${again.failure}`] };
    const expected = await readOutput(ports.pachyderm, plan.job);
    const found = await readOutput(ports.pachyderm, again.job);
    const notes = [...known.notes, ...otherCode(expected, found)];
    return { ...known, ...(await compareJobs(ports.pachyderm, { expected, found, tolerance: options.tolerance })), notes };
  });
}
