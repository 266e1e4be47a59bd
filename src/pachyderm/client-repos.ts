import { StemmaError } from "../lineage/errors.ts";
import type { Connection } from "./connection.ts";
import { toBranchInfo, toCommitInfo, toCommitName, toRepoInfo } from "./from-wire.ts";
import { metadata, pfs } from "./services.ts";
import { fromBranchName, fromCommitName, fromCommitQuery, fromDate, fromRepoName } from "./to-wire.ts";
import type { BranchInfo, BranchName, CommitInfo, CommitName, CommitQuery, RepoInfo, RepoName } from "./types.ts";

export interface CommitListOptions {
  readonly to?: string;
  readonly number?: number;
  /** Not with `to`. */
  readonly oldestFirst?: boolean;
  /** With `oldestFirst` only: those that were started later than this. */
  readonly after?: Date | undefined;
}

/** Calls about projects, repos, branches and commits. */
export class RepoCalls {
  protected readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  async createProject(name: string, description = ""): Promise<void> {
    await this.connection.call(pfs.CreateProject, { project: { name }, description });
  }

  listProjects(): AsyncIterable<string> {
    return this.connection.receive(pfs.ListProject, {}, (info) => info.project?.name);
  }

  /** Rejects with ALREADY_EXISTS, unless told to update what is there. */
  async createRepo(repo: RepoName, options: { description?: string; update?: boolean } = {}): Promise<void> {
    await this.connection.call(pfs.CreateRepo, { repo: fromRepoName(repo), ...options });
  }

  async inspectRepo(repo: RepoName): Promise<RepoInfo> {
    return toRepoInfo(await this.connection.call(pfs.InspectRepo, { repo: fromRepoName(repo) }));
  }

  /** The user repos of all projects. */
  listRepos(): AsyncIterable<RepoInfo> {
    return this.connection.receive(pfs.ListRepo, { type: "user" }, toRepoInfo);
  }

  /** Rejects with NOT_FOUND, which a server by itself would not call an error. */
  async deleteRepo(repo: RepoName, options: { force?: boolean } = {}): Promise<void> {
    const { deleted } = await this.connection.call(pfs.DeleteRepo, { repo: fromRepoName(repo), ...options });
    if (deleted !== true) throw new StemmaError("NOT_FOUND", `repo ${repo.project}/${repo.name} not found`);
  }

  /** Makes the branch, or moves it to `head`; its provenance becomes the one given, none if none is given. */
  async createBranch(branch: BranchName, options: { head?: string; provenance?: readonly BranchName[] } = {}): Promise<void> {
    const { head, provenance = [] } = options;
    await this.connection.call(pfs.CreateBranch, {
      branch: fromBranchName(branch),
      provenance: provenance.map(fromBranchName),
      ...(head !== undefined && { head: { repo: fromRepoName(branch.repo), id: head } }),
    });
  }

  async inspectBranch(branch: BranchName): Promise<BranchInfo> {
    return toBranchInfo(await this.connection.call(pfs.InspectBranch, { branch: fromBranchName(branch) }));
  }

  /** Newest first. */
  listBranches(repo: RepoName): AsyncIterable<BranchInfo> {
    return this.connection.receive(pfs.ListBranch, { repo: fromRepoName(repo) }, toBranchInfo);
  }

  /** Its commits stay. Refused when another branch comes from it. */
  async deleteBranch(branch: BranchName): Promise<void> {
    await this.connection.call(pfs.DeleteBranch, { branch: fromBranchName(branch) });
  }

  /** Opens the next commit of a branch, which is made where it is missing. */
  async startCommit(branch: BranchName, description = ""): Promise<CommitName> {
    return toCommitName(await this.connection.call(pfs.StartCommit, { branch: fromBranchName(branch), description }));
  }

  /** Closes a commit to changes. It is finished a little later: wait for that with inspectCommit. */
  async finishCommit(commit: CommitName, options: { description?: string; error?: string } = {}): Promise<void> {
    await this.connection.call(pfs.FinishCommit, { commit: fromCommitName(commit), ...options });
  }

  /** With `wait`, answers when the commit has come that far, however long it takes. */
  async inspectCommit(query: CommitQuery, wait?: "READY" | "FINISHED"): Promise<CommitInfo> {
    const request = { commit: fromCommitQuery(query), ...(wait !== undefined && { wait }) };
    return toCommitInfo(await this.connection.call(pfs.InspectCommit, request, { wait: wait !== undefined }));
  }

  /** Notes something on a commit, also a finished one, in place of what was noted under this key. UNSUPPORTED before 2.10. */
  async noteOnCommit({ repo, id }: CommitName, key: string, value: string): Promise<void> {
    const picker = { name: { name: repo.name, type: repo.type, project: { name: repo.project } } };
    const edit = { commit: { id: { repo: picker, id } }, edit_key: { key, value } };
    await this.connection.call(metadata.EditMetadata, { edits: [edit] });
  }

  /** Newest first: all of the repo's, or those that lead to `to` (a branch or an id), with itself. */
  listCommits(repo: RepoName, options: CommitListOptions = {}): AsyncIterable<CommitInfo> {
    const { to, number, oldestFirst, after } = options;
    const request = {
      repo: fromRepoName(repo),
      ...(to !== undefined && { to: { repo: fromRepoName(repo), id: to } }),
      ...(number !== undefined && { number }),
      ...(oldestFirst === true && { reverse: true }),
      ...(after !== undefined && { started_time: fromDate(after) }),
    };
    return this.connection.receive(pfs.ListCommit, request, toCommitInfo);
  }

  /**
   * The commits of a repo, oldest first, each when it is finished, and then the new ones as they come: never ends by itself.
   * Those up to `from` (an id) are left out.
   */
  subscribeCommits(repo: RepoName, options: { from?: string | undefined } = {}): AsyncIterable<CommitInfo> {
    const { from } = options;
    const request = {
      repo: fromRepoName(repo),
      state: "FINISHED" as const,
      all: true,
      ...(from !== undefined && { from: { repo: fromRepoName(repo), id: from } }),
    };
    return this.connection.receive(pfs.SubscribeCommit, request, toCommitInfo);
  }

  /** The commits that were made together, upstream before downstream; with `wait`, each when it is finished. */
  inspectCommitSet(id: string, options: { wait?: boolean } = {}): AsyncIterable<CommitInfo> {
    return this.connection.receive(pfs.InspectCommitSet, { commit_set: { id }, ...options }, (info) => {
      // Servers add the commits of other sets that this one was made from.
      return info.commit?.id === id ? toCommitInfo(info) : undefined;
    });
  }
}
