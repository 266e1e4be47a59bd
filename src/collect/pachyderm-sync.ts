import { orAbsent } from "../lineage/errors.ts";
import type { LineageIndex } from "../lineage/store/lineage-index.ts";
import type { Urn } from "../lineage/urn.ts";
import type { RepoInfo } from "../pachyderm/types.ts";
import { mapAtOnce } from "./at-once.ts";
import { markAllGone, unseen } from "./pachyderm/absence.ts";
import { endBranches, syncBranches } from "./pachyderm/branches.ts";
import { syncCommits } from "./pachyderm/commits.ts";
import { syncJobs } from "./pachyderm/jobs.ts";
import { syncPipelines, syncVersions } from "./pachyderm/pipelines.ts";
import { refreshThings } from "./pachyderm/refresh-things.ts";
import { Turn } from "./pachyderm/turn.ts";
import type { PachydermSource } from "./ports.ts";
import { listAll } from "./remote.ts";
import type { SyncOptions } from "./sync-options.ts";

const REPOS = "pachyderm:repos";

/**
 * Reads Pachyderm into the index: what is new, and again what was not done. It asks as much as there are repos and new things, never
 * as much as there is history. It goes by what servers send since 2.8: direct provenance, and no subvenance, metadata or branches of
 * commits. A commit that was squashed amid others is found by `full` and by `refresh` only, as no list tells of it. Rejects as the client does; what was noted until then stays, and the next sync goes on from there.
 */
export async function syncPachyderm(
  index: LineageIndex,
  source: PachydermSource,
  options: SyncOptions = {},
): Promise<{ readonly commits: number; readonly jobs: number }> {
  const turn = new Turn(index, source, options);
  const repos = await listAll(source.listRepos());
  // A repo may be deleted after it was listed; the next sync sees that it is gone.
  await mapAtOnce(repos, (repo) => orAbsent(syncRepo(turn, repo)));
  noteMissingRepos(turn, repos);
  await syncPipelines(turn);
  await syncJobs(turn);
  await syncVersions(turn);
  // What came or went while this read is asked for by itself.
  await refreshThings(turn, turn.full ? unseen(index, ["commit", "job"], turn.seen) : makersOfDoubtful(turn), turn.at);
  return turn.read;
}

async function syncRepo(turn: Turn, info: RepoInfo): Promise<void> {
  await syncCommits(turn, info);
  await syncBranches(turn, info.repo);
}

/** Where a commit was found to be gone, the job that made it may be, too. */
function makersOfDoubtful({ index, doubtful }: Turn): readonly Urn[] {
  const makers = [...doubtful].flatMap((commit) => index.edgesUp(commit).filter(({ kind }) => kind === "generated"));
  return [...new Set(makers.map(({ to }) => to))];
}

function noteMissingRepos(turn: Turn, repos: readonly RepoInfo[]): void {
  const { index, at } = turn;
  const names = repos.map(({ repo }) => `${repo.project}/${repo.name}`);
  const before = JSON.parse(index.cursor(REPOS) ?? "[]") as readonly string[];
  const gone = before.filter((name) => !names.includes(name));
  index.write((writer) => {
    for (const name of gone) markAllGone(index, writer, `commit:${name}@`, at);
    writer.setCursor(REPOS, JSON.stringify(names));
  });
  for (const text of gone) {
    const [project = "", name = ""] = text.split("/");
    endBranches(turn, { project, name });
  }
}
