import { inputsOfRun, jobOfRun, datumOfRun } from "../collect/run-links.ts";
import { StemmaError } from "../lineage/errors.ts";
import type { RunNode } from "../lineage/graph.ts";
import type { Urn } from "../lineage/urn.ts";
import { formatUrn } from "../lineage/urn.ts";
import type { Run } from "../mlflow/types.ts";
import type { CommitName, JobName } from "../pachyderm/types.ts";
import { RUN_TAGS } from "../tracker/delivery/run-tags.ts";
import { checkCard, deletedRun } from "./check-card.ts";
import { checkDatasets } from "./check-datasets.ts";
import { commitUrn, compareOrigin, goneCommit, jobIdentity } from "./compare-origin.ts";
import { type Finding, finding } from "./finding.ts";
import { readCard } from "./read-card.ts";
import { isReferredTo } from "./referred.ts";
import type { Survey } from "./survey.ts";

/** Holds a run against the job, the commits and the card that it names, and is held against by them. */
export async function checkRun(survey: Survey, node: RunNode): Promise<void> {
  const at = formatUrn(node);
  let run: Run | undefined;
  await survey.part(at, async () => {
    run = await survey.look.run(node.id);
    return isReferredTo(survey.index, at) ? presence(at, run) : [];
  });
  if (run === undefined || run.tags[RUN_TAGS.supersededBy] !== undefined) return;
  if (run.status === "RUNNING" || run.status === "SCHEDULED") return;
  const here = run;
  await survey.part(at, () => checkDatasets(survey.look, here));
  await survey.part(at, () => checkPlace(survey, at, here));
  // A tag that names another commit does not lead to the card: the commit does.
  for (const { from, kind } of survey.index.edgesDown(at)) {
    const holder = kind === "generated" ? survey.index.record(from)?.node : undefined;
    if (holder?.kind !== "commit") continue;
    const commit: CommitName = { repo: { project: holder.project, name: holder.repo, type: holder.type }, id: holder.id };
    await survey.part(at, () => checkCardIn(survey, here, commit).then(() => []));
  }
}

function presence(at: Urn, run: Run | undefined): readonly Finding[] {
  if (run === undefined) return [finding("run-missing", at, { expected: "the run of what is still there", found: "nothing" })];
  return run.deleted && run.tags[RUN_TAGS.supersededBy] === undefined ? [deletedRun(at)] : [];
}

async function checkPlace(survey: Survey, at: Urn, run: Run): Promise<readonly Finding[]> {
  try {
    const name = jobOfRun(run);
    const inputs = inputsOfRun(run).map(({ commit }) => commit);
    if (name === undefined) return await gone(survey, at, inputs);
    return [
      ...(await checkJob(survey, at, run, name)),
      ...(await gone(survey, at, inputs)),
      ...(await checkOutput(survey, at, run, name)),
    ];
  } catch (error) {
    // Tags that are not what the tracker writes.
    if (!(error instanceof StemmaError) || error.code !== "INTEGRITY") throw error;
    return [finding("tag-edited", at, { what: "pachyderm.*", expected: "what stemma track writes", found: error.message })];
  }
}

async function checkJob({ look }: Survey, at: Urn, run: Run, name: JobName): Promise<readonly Finding[]> {
  const job = await look.job(name);
  if (job === undefined)
    return [finding("job-gone", formatUrn(jobIdentity(name)), { expected: `the job that ${at} names`, found: "nothing" })];
  const version = run.tags["pachyderm.pipeline_version"];
  const inputs = inputsOfRun(run).map(({ commit: { repo, id } }) => ({ project: repo.project, repo: repo.name, commit: id }));
  const tags = {
    version: version === undefined ? undefined : Number(version),
    image: run.tags["pachyderm.image"],
    datum: datumOfRun(run),
    inputs,
  };
  return compareOrigin(look, { kind: "tag-edited", at, ...tags }, job);
}

async function gone({ look }: Survey, at: Urn, commits: readonly CommitName[]): Promise<readonly Finding[]> {
  const found = await Promise.all(commits.map(async (commit) => ((await look.commit(commit)) === undefined ? [commit] : [])));
  return found.flat().map(({ repo, id }) => goneCommit(commitUrn(repo, id), at));
}

async function checkOutput(survey: Survey, at: Urn, run: Run, { pipeline, id }: JobName): Promise<readonly Finding[]> {
  const commit: CommitName = { repo: { ...pipeline, type: "user" }, id };
  const info = await survey.look.commit(commit);
  if (info === undefined) return [goneCommit(commitUrn(commit.repo, id), at)];
  const isDue = run.status === "FINISHED" && run.tags[RUN_TAGS.key] !== undefined && run.tags[RUN_TAGS.replayed] === undefined;
  if (info.finished === undefined || info.error !== "") return [];
  if (await checkCardIn(survey, run, commit)) return [];
  return isDue ? [finding("card-missing", at, { expected: `its card in ${pipeline.name}@${id}`, found: "nothing" })] : [];
}

/** False when the commit has no card of the run. */
async function checkCardIn(survey: Survey, run: Run, commit: CommitName): Promise<boolean> {
  const file = await survey.look.file(commit, `/${run.id}`);
  if (file === undefined) return false;
  const card = await readCard(survey.look, commit, file);
  if (card !== undefined) await checkCard(survey, card);
  return card !== undefined;
}
