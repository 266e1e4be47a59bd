import { orAbsent } from "../../lineage/errors.ts";
import type { IndexWriter } from "../../lineage/store/index-writer.ts";
import type { LineageIndex } from "../../lineage/store/lineage-index.ts";
import type { Urn } from "../../lineage/urn.ts";
import { formatUrn } from "../../lineage/urn.ts";
import type { CommitInfo, RepoInfo, RepoName } from "../../pachyderm/types.ts";
import { inBatches, mapAtOnce } from "../at-once.ts";
import { commitIdentity } from "../nodes.ts";
import { markAllGone } from "./absence.ts";
import { newItems } from "./new-items.ts";
import type { Progress } from "./progress.ts";
import { readProgress, stillOpen, writeProgress } from "./progress.ts";
import { jobOfCommit } from "./provenance.ts";
import type { CardsInCommit } from "./run-cards.ts";
import { runCardsIn } from "./run-cards.ts";
import { commitStatement, jobOfCommitStatement } from "./statements.ts";
import type { Reading, Turn } from "./turn.ts";

/** So many are noted together: what is noted stays when a sync is killed. */
const BATCH = 200;

/** Reads a repo's commits that are new, and those again that were not finished. */
export async function syncCommits(turn: Turn, { repo, created }: RepoInfo): Promise<void> {
  const { source } = turn;
  const progress = beginRepo(turn, repo, created);
  await rereadOpen(turn, repo, progress.open);
  const list = {
    newest: (number: number) => source.listCommits(repo, { number }),
    after: (after: Date | undefined) => source.listCommits(repo, { oldestFirst: true, after }),
    markOf: ({ commit, started }: CommitInfo) => ({ id: commit.id, time: started.getTime() }),
  };
  const mark = turn.full ? undefined : progress.mark;
  for await (const batch of inBatches(newItems(list, mark), BATCH)) {
    const last = batch.at(-1);
    await noteCommits(turn, repo, batch, last === undefined ? mark : list.markOf(last));
  }
}

/** Reads one commit and notes it; undefined when it is not there. */
export async function readCommit({ index, source }: Reading, repo: RepoName, id: string): Promise<CommitInfo | undefined> {
  const info = await orAbsent(source.inspectCommit({ repo, at: id }));
  // Asked for a set that the repo has no commit of its own in, a server answers with the one that stands for it there.
  if (info === undefined || info.commit.id !== id) return undefined;
  const cards = await runCardsIn(source, info);
  index.write((writer) => sayCommit(writer, index, info, cards));
  return info;
}

/** How far a repo was read. A repo that was made anew under an old one's name is read from its beginning. */
function beginRepo({ index, at }: Turn, repo: RepoName, created: Date): Progress {
  const name = cursorOf(repo);
  const before = readProgress(index, name);
  if (before.created === created.getTime()) return before;
  const progress: Progress = { created: created.getTime(), open: [] };
  index.write((writer) => {
    if (before.created !== undefined)
      for (const kind of ["commit", "job"]) markAllGone(index, writer, `${kind}:${repo.project}/${repo.name}@`, at);
    writeProgress(writer, name, progress);
  });
  return progress;
}

async function rereadOpen(turn: Turn, repo: RepoName, open: readonly string[]): Promise<void> {
  const infos = await mapAtOnce(open, (id) => orAbsent(turn.source.inspectCommit({ repo, at: id })));
  const gone = open.filter((id, at) => infos[at]?.commit.id !== id);
  const name = cursorOf(repo);
  if (gone.length > 0)
    turn.index.write((writer) => {
      for (const id of gone) writer.markGone(formatUrn(commitIdentity({ repo, id })), turn.at);
      const progress = readProgress(turn.index, name);
      writeProgress(writer, name, {
        ...progress,
        open: stillOpen(
          progress.open,
          gone.map((id) => [id, true]),
        ),
      });
    });
  const there = infos.filter((info): info is CommitInfo => info !== undefined && open.includes(info.commit.id));
  await noteCommits(turn, repo, there, readProgress(turn.index, name).mark);
}

async function noteCommits(turn: Turn, repo: RepoName, batch: readonly CommitInfo[], mark: Progress["mark"]): Promise<void> {
  if (batch.length === 0) return;
  const { index } = turn;
  const name = cursorOf(repo);
  const read = await mapAtOnce(batch, async (info) => ({ info, cards: await runCardsIn(turn.source, info) }));
  index.write((writer) => {
    for (const { info, cards } of read) sayCommit(writer, index, info, cards);
    const progress = readProgress(index, name);
    const states = batch.map(({ commit, finished }) => [commit.id, finished !== undefined] as const);
    writeProgress(writer, name, { ...progress, mark, open: stillOpen(progress.open, states) });
  });
  turn.note(
    "commits",
    batch.map(({ commit }): Urn => formatUrn(commitIdentity(commit))),
  );
}

function sayCommit(writer: IndexWriter, index: LineageIndex, info: CommitInfo, cards: CardsInCommit): void {
  for (const { card } of cards.cards) writer.tell({ node: card.run, rank: "told", since: card.run.began ?? card.run.time });
  writer.say(commitStatement(info, cards));
  const job = jobOfCommit(info);
  // Once a job was read itself, its own word counts.
  if (job !== undefined && index.record(formatUrn(job))?.rank !== "source") writer.say(jobOfCommitStatement(job, info));
}

function cursorOf({ project, name }: RepoName): string {
  return `pachyderm:repo:${project}/${name}`;
}
