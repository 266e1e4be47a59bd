import type { Urn } from "../lineage/urn.ts";
import { formatUrn } from "../lineage/urn.ts";
import type { CommitName, JobName } from "../pachyderm/types.ts";
import type { RunCard } from "../tracker/card/run-card.ts";
import { RUN_TAGS } from "../tracker/delivery/run-tags.ts";
import { checkArtifacts } from "./check-artifacts.ts";
import { compareOrigin } from "./compare-origin.ts";
import { compareRun } from "./compare-run.ts";
import { type Finding, finding } from "./finding.ts";
import type { FoundCard } from "./read-card.ts";
import type { Survey } from "./survey.ts";

/** Holds a card against itself, the commit that it lies in, the job that it names, and the run as MLflow has it now. */
export async function checkCard(survey: Survey, found: FoundCard): Promise<void> {
  const key = `${found.file.path} ${found.file.hash}`;
  if (survey.seenCards.has(key)) return;
  survey.seenCards.add(key);
  const at = urnOf(found);
  const lies = checkItself(at, found);
  await survey.part(at, async () => lies);
  if (lies.length > 0) return;
  let isMisplaced = false;
  await survey.part(at, async () => {
    const misplaced = await checkPlace(survey, at, found);
    isMisplaced = misplaced.length > 0;
    return misplaced;
  });
  if (isMisplaced) return;
  await survey.part(at, () => checkJob(survey, at, found.card));
  await checkRunOf(survey, found.file.path.slice(1), found.card);
}

function checkItself(at: Urn, { file, card, actual }: FoundCard): readonly Finding[] {
  if (card.digest !== actual)
    return [finding("card-digest", at, { expected: card.digest, found: actual ?? "what has no canonical form" })];
  const id = file.path.slice(1);
  return card.runId === id ? [] : [finding("card-lies", at, { what: "runId", expected: id, found: card.runId ?? "nothing" })];
}

/** A datum that is skipped keeps its card in later commits. Elsewhere a card that differs from the one that it claims to be lies. */
async function checkPlace({ look }: Survey, at: Urn, { commit, file, card }: FoundCard): Promise<readonly Finding[]> {
  const job = jobOfCard(card);
  if (job === undefined || isCommitOf(commit, job)) return [];
  const own: CommitName = { repo: { ...job.pipeline, type: "user" }, id: job.id };
  if ((await look.commit(own)) === undefined) return [];
  const original = await look.file(own, file.path);
  if (original?.hash === file.hash) return [];
  return [
    finding("card-lies", at, {
      what: "outputCommit",
      expected: `the card of ${job.pipeline.name}@${job.id}${original === undefined ? ", which has none of this run" : ""}`,
      found: "another one",
    }),
  ];
}

async function checkJob({ look }: Survey, at: Urn, card: RunCard): Promise<readonly Finding[]> {
  const name = jobOfCard(card);
  const job = name === undefined ? undefined : await look.job(name);
  if (job === undefined || card.pachyderm === undefined) return [];
  const { version, image, datum, inputs } = card.pachyderm;
  return compareOrigin(look, { kind: "card-lies", at, version, image, datum, inputs }, job);
}

async function checkRunOf(survey: Survey, id: string, card: RunCard): Promise<void> {
  const { look, options } = survey;
  const at = formatUrn({ kind: "run", id });
  await survey.part(at, async () => {
    const run = await look.run(id);
    if (run === undefined) return [finding("run-missing", at, { expected: "the run of a card", found: "nothing" })];
    if (run.tags[RUN_TAGS.supersededBy] !== undefined) return [];
    if (options.artifacts && !run.deleted)
      await survey.part(at, () => checkArtifacts(look, card, run, (text) => survey.say(text)));
    return [...(run.deleted ? [deletedRun(at)] : []), ...compareRun(card, run)];
  });
}

export function deletedRun(at: Urn): Finding {
  return finding("run-deleted", at, { expected: "the run of what is still there", found: "a deleted run" });
}

function jobOfCard({ pachyderm }: RunCard): JobName | undefined {
  return pachyderm && { pipeline: { project: pachyderm.project, name: pachyderm.pipeline }, id: pachyderm.job };
}

function isCommitOf({ repo, id }: CommitName, job: JobName): boolean {
  return id === job.id && repo.name === job.pipeline.name && repo.project === job.pipeline.project;
}

function urnOf({ commit: { repo, id }, file }: FoundCard): Urn {
  return formatUrn({ kind: "file", project: repo.project, repo: repo.name, type: repo.type, commit: id, path: file.path });
}
