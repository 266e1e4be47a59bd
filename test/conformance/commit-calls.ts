import { type Pachd, type RepoName, pfs } from "./pachd.ts";

export const branchOf = (repo: RepoName, name = "master") => ({ repo, name });

/** What tests of commits ask a server, which is connected by the time that they do. */
export function commitCalls(pachd: () => Pachd) {
  const inspect = (commit: object, wait?: "READY" | "FINISHING" | "FINISHED") =>
    pachd().call(pfs.InspectCommit, { commit, ...(wait && { wait }) });
  return {
    inspect,
    textOf: (repo: RepoName, at = "") => `${pachd().project}/${repo.name}@${at}`,
    start: (repo: RepoName, more: object = {}) => pachd().call(pfs.StartCommit, { branch: branchOf(repo), ...more }),
    finish: (commit: object, more: object = {}) => pachd().call(pfs.FinishCommit, { commit, ...more }),
    idOf: async (commit: object) => (await inspect(commit)).commit?.id,
    missingRepo: () => ({ name: "zzz", type: "user", project: { name: pachd().project } }),
    /** Commits a file so many times. Answers the ids, oldest first. */
    putSome: async (repo: RepoName, count: number): Promise<string[]> => {
      const ids: string[] = [];
      for (let index = 0; index < count; index += 1) ids.push(await pachd().put(repo, { "/n": `${index}` }));
      return ids;
    },
  };
}
