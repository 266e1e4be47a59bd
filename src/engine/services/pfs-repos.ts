import type { APIHandlers } from "../../pachyderm/generated/pfs_v2/API.ts";
import type { RepoPage__Output as RepoPage } from "../../pachyderm/generated/pfs_v2/RepoPage.ts";
import type { ReposSummary } from "../../pachyderm/generated/pfs_v2/ReposSummary.ts";
import type { Database } from "../store/database.ts";
import { deleteRepo, deleteRepos, refuseRepoOfPipeline } from "../pfs/delete-repos.ts";
import { invalid, within } from "../fault.ts";
import { repoText } from "../pfs/names.ts";
import { type Page, createRepo, findRepo, inspectRepo, listRepos } from "../pfs/repos.ts";
import { EMPTY, type Parts } from "./parts.ts";
import { repoSize, toListedRepoInfo, toRepoInfo } from "./repo-info.ts";
import { fromRepo, toRepoKey } from "./wire.ts";

/** Repos. */
export function repoHandlers({ state, rpc, changes }: Parts): Partial<APIHandlers> {
  const { db } = state;
  return {
    CreateRepo: changes.handler("create_repo", (tx, { repo, description, update }) => {
      const key = toRepoKey(repo);
      createRepo(tx, { ...key, type: key.type || "user" }, description ?? "", update);
      return EMPTY;
    }),
    InspectRepo: rpc.unary(({ repo }) => toRepoInfo(db, inspectRepo(db, toRepoKey(repo)))),
    ListRepo: rpc.stream(({ type, projects, page }) =>
      listRepos(db, type ?? "", namesOf(projects), page && toPage(page)).map((repo) => toListedRepoInfo(db, repo)),
    ),
    DeleteRepo: changes.handler("delete_repo", (tx, { repo, force }) => {
      if (repo === undefined) throw invalid("no repo specified");
      const key = toRepoKey(repo);
      return within("delete repo", () => {
        if (findRepo(tx.db, key) !== undefined)
          within(`error checking whether repo "${repoText(key)}" can be deleted`, () => refuseRepoOfPipeline(tx.db, key));
        return { deleted: deleteRepo(tx, key, force ?? false) };
      });
    }),
    DeleteRepos: rpc.unary(({ projects = [], force, all }) => {
      if (!all && projects.length === 0) return {};
      const gone = state.write((tx) =>
        within("delete repos", () => deleteRepos(tx, all ? [] : namesOf(projects), force ?? false)),
      );
      return { repos: gone.map(fromRepo) };
    }),
    ReposSummary: rpc.unary(({ projects = [] }) => ({
      summaries: namesOf(projects).flatMap((project) => summarize(db, project)),
    })),
  };
}

function namesOf(projects: readonly { readonly name?: string }[] = []): string[] {
  return projects.map(({ name }) => name ?? "");
}

function toPage({ page_size, page_index }: RepoPage): Page {
  const page = { size: Number(page_size ?? 0), index: Number(page_index ?? 0) };
  if (page.size < 0 || page.index < 0) throw invalid("a page's size and index cannot be negative");
  return page;
}

/** Nothing where there are no repos of users. */
function summarize(db: Database, project: string): ReposSummary[] {
  const repos = listRepos(db, "user", [project]);
  if (repos.length === 0) return [];
  const size = repos.reduce((sum, repo) => sum + repoSize(db, repo), 0);
  return [{ project: { name: project }, user_repo_count: String(repos.length), size_bytes: String(size) }];
}
