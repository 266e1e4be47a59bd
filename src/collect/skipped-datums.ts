import type { CommitInfo, CommitName, DatumInfo, JobInfo, JobName, RepoName } from "../pachyderm/types.ts";

interface Commits {
  readonly findJob: (job: JobName) => Promise<JobInfo | undefined>;
  readonly commit: (repo: RepoName, at: string) => Promise<CommitInfo>;
}

/**
 * A datum as its job saw it. Of one that the job skipped Pachyderm tells what the job saw that worked on it: that job's id, and
 * its files in the commits of then. The same files are in the commits that the job which skipped it was made of.
 */
export async function asSeenBy(commits: Commits, job: JobName, datum: DatumInfo): Promise<DatumInfo> {
  if (datum.state !== "SKIPPED") return datum;
  const inputs = (await commits.findJob(job))?.inputs ?? [];
  const commitNow = async (then: CommitName): Promise<CommitName> => {
    const input = inputs.find(({ repo }) => isSame(repo, then.repo));
    return input === undefined ? then : (await commits.commit(input.repo, input.commit)).commit;
  };
  const files = datum.files.map(async (file) => ({ ...file, commit: await commitNow(file.commit) }));
  return { ...datum, job, files: await Promise.all(files) };
}

function isSame(one: RepoName, other: RepoName): boolean {
  return one.project === other.project && one.name === other.name && one.type === other.type;
}
