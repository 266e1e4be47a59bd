import type { RunNode } from "../lineage/graph.ts";
import type { Gap } from "../lineage/walk.ts";
import type { Run } from "../mlflow/types.ts";
import type { CommitName, FileInfo, JobName } from "../pachyderm/types.ts";
import { commitIdentity, missing, toRunNode } from "./nodes.ts";
import type { Records } from "./records.ts";
import { gapFor } from "./records.ts";
import { MAX_CARD_BYTES, parseRunCard } from "./run-card.ts";
import { datumOfRun, jobOfRun } from "./run-links.ts";

/** A run that had a part in making a commit. */
interface RunOfCommit {
  readonly node: RunNode;
  /** The id of the job that it ran in, as far as is known: an earlier one when its datum was skipped since. */
  readonly job: string | undefined;
  readonly datum: string | undefined;
}

export interface RunsOfCommit {
  readonly runs: readonly RunOfCommit[];
  readonly gaps: readonly Gap[];
}

/** Files named like run ids that are looked into; a repo may hold any number of files that are named so and are no cards. */
const MAX_CARDS = 100;

/** The runs behind an output commit: those whose tags say so, and those whose cards lie in it. */
export async function runsOfCommit(records: Records, commit: CommitName): Promise<RunsOfCommit> {
  const tagged = await taggedRuns(records, commit);
  const known = new Set(tagged.runs.map(({ node }) => node.id));
  const cards = await cardRuns(records, commit, known);
  return { runs: [...tagged.runs, ...cards.runs], gaps: [...tagged.gaps, ...cards.gaps] };
}

function isSameJob(a: JobName, b: JobName): boolean {
  return a.id === b.id && a.pipeline.name === b.pipeline.name && a.pipeline.project === b.pipeline.project;
}

async function taggedRuns({ mlflow }: Records, { repo, id }: CommitName): Promise<RunsOfCommit> {
  try {
    const own = { pipeline: { project: repo.project, name: repo.name }, id };
    const runs = (await mlflow.runsOfJobs(id)).filter((run) => {
      const job = jobOfRun(run);
      return job !== undefined && isSameJob(job, own);
    });
    return { runs: runs.map((run) => ({ node: toRunNode(run, mlflow.link(run)), job: id, datum: datumOfRun(run) })), gaps: [] };
  } catch (error) {
    return { runs: [], gaps: [gapFor(commitIdentity({ repo, id }), error)] };
  }
}

async function cardRuns(records: Records, commit: CommitName, known: ReadonlySet<string>): Promise<RunsOfCommit> {
  const at = commitIdentity(commit);
  try {
    const files = (await records.pachyderm.hexFiles(commit)).filter(({ path }) => !known.has(path.slice(1)));
    const looked = await Promise.all(files.slice(0, MAX_CARDS).map((file) => cardRun(records, commit, file)));
    const tooMany =
      files.length > MAX_CARDS
        ? [missing(at, `${files.length} files there are named like runs, and only ${MAX_CARDS} of them were looked into`)]
        : [];
    return { runs: looked.flatMap(({ runs }) => runs), gaps: [...looked.flatMap(({ gaps }) => gaps), ...tooMany] };
  } catch (error) {
    return { runs: [], gaps: [gapFor(at, error)] };
  }
}

/** The run that a file is named by: as MLflow has it, or else as the card says. Neither: the file is no card. */
async function cardRun({ pachyderm, mlflow }: Records, commit: CommitName, file: FileInfo): Promise<RunsOfCommit> {
  const id = file.path.slice(1);
  const gaps: Gap[] = [];
  let run: Run | undefined;
  try {
    run = await mlflow.findRun(id);
  } catch (error) {
    gaps.push(gapFor({ kind: "run", id }, error));
  }
  if (run !== undefined)
    return { runs: [{ node: toRunNode(run, mlflow.link(run)), job: jobOfRun(run)?.id, datum: file.datum }], gaps };
  const card = parseRunCard(await pachyderm.readStart(commit, file.path, MAX_CARD_BYTES));
  if (card === undefined) return { runs: [], gaps: [] };
  if (gaps.length === 0)
    gaps.push(missing({ kind: "run", id }, "MLflow has this run no more; what is shown is what its run card says"));
  return { runs: [{ node: { ...card.run, id }, job: card.job, datum: file.datum }], gaps };
}
