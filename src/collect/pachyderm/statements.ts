import type { Edge, FileNames } from "../../lineage/graph.ts";
import { edge } from "../../lineage/graph.ts";
import type { Statement } from "../../lineage/store/lineage-index.ts";
import type { CommitIdentity, JobIdentity } from "../../lineage/urn.ts";
import { formatUrn } from "../../lineage/urn.ts";
import type { CommitInfo, JobInfo } from "../../pachyderm/types.ts";
import { commitIdentity, pipelineOf, toCommitNode, toJobNode } from "../nodes.ts";
import { dataProvenance, jobOfCommit } from "./provenance.ts";
import type { CardInCommit, CardsInCommit } from "./run-cards.ts";

/** What a commit says: what made it, or what it was derived from, and the runs whose cards lie in it. */
export function commitStatement(info: CommitInfo, { cards, gaps }: CardsInCommit): Statement {
  const commit = commitIdentity(info.commit);
  const job = jobOfCommit(info);
  const runs = cards.map(({ card }) => card.run);
  const origins =
    job === undefined
      ? dataProvenance(info).map((name) => edge(commit, "derived", commitIdentity(name)))
      : [edge(commit, "generated", job)];
  return {
    node: { ...toCommitNode(info), ...(runs.length === 0 ? {} : { runCards: runs.map(({ id }) => id).toSorted() }) },
    rank: "source",
    since: info.started,
    gaps,
    edges: [
      ...origins,
      ...runs.map((run) => edge(commit, "generated", run)),
      ...cards.flatMap((card) => placeOfRun(commit, card)),
    ],
  };
}

/** The job and datum that a run ran in, as its card tells. A datum that is skipped keeps the card of an earlier job's run. */
function placeOfRun({ project, repo }: CommitIdentity, { card, datum }: CardInCommit): readonly Edge[] {
  if (card.job === undefined) return [];
  const job: JobIdentity = { kind: "job", project, pipeline: repo, id: card.job };
  const within = [edge(card.run, "within", job)];
  if (!/^[0-9a-f]+$/.test(datum)) return within;
  return [...within, edge(card.run, "within", { kind: "datum", project, pipeline: repo, job: card.job, id: datum })];
}

/** A job of which only its output commit tells, until it is read itself: what it used. */
export function jobOfCommitStatement(job: JobIdentity, info: CommitInfo): Statement {
  return {
    node: job,
    rank: "named",
    edges: dataProvenance(info).map((name) => edge(job, "used", commitIdentity(name))),
  };
}

/** What a job says: its pipeline's version, and the commits that it used, with the files that its datums name. */
export function jobStatement(info: JobInfo, used: readonly CommitIdentity[], files: ReadonlyMap<string, FileNames>): Statement {
  const node = toJobNode(info);
  return {
    node,
    rank: "source",
    since: info.created,
    edges: [
      edge(node, "of", pipelineOf(info)),
      ...used.map((commit) => edge(node, "used", commit, files.get(formatUrn(commit)))),
    ],
  };
}
