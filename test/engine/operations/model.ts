import { Branch, type Changes, Commit, CommitSet, Repo, refuseIf, require } from "./objects.ts";
import type { BranchRef } from "./steps.ts";

/**
 * Repos, branches and commits in memory, with the rules of Pachyderm as short as they can be said. An operation answers the
 * commits that it makes.
 */
export class Model {
  readonly repos = new Map<string, Repo>();

  get branches(): Branch[] {
    return this.repos
      .values()
      .flatMap((repo) => repo.branches.values())
      .toArray();
  }

  get commits(): Commit[] {
    return [...this.repos.values()].flatMap((repo) => repo.commits).toSorted((one, other) => one.number - other.number);
  }

  repo(name: string): Repo {
    return require(this.repos.get(name), `repo ${name}`);
  }

  createRepo(name: string): Commit[] {
    refuseIf(this.repos.has(name), "it exists");
    this.repos.set(name, new Repo(name, false));
    return [];
  }

  deleteRepo(name: string): Commit[] {
    const repo = this.repo(name);
    refuseIf(repo.isOutput, "it belongs to a pipeline");
    this.#remove(repo);
    return [];
  }

  /** Puts files into the branch's open commit, or into a new one. */
  change(at: BranchRef, changes: Changes): Commit[] {
    const repo = this.repo(at.repo);
    const branch = repo.branches.get(at.branch);
    if (branch !== undefined && !branch.head.isSealed) {
      branch.head.changes = new Map([...branch.head.changes, ...changes]);
      return [];
    }
    const made = this.startCommit(at);
    for (const commit of made) if (commit.repo === repo) Object.assign(commit, { changes, isSealed: true });
    return made;
  }

  startCommit(at: BranchRef): Commit[] {
    const repo = this.repo(at.repo);
    const branch = repo.branches.get(at.branch);
    refuseIf(branch !== undefined && (branch.upstream.length > 0 || !branch.head.isSealed), "an output branch, or an open head");
    const set = new CommitSet();
    const head = (of: Branch): Commit => new Commit(set, of, branch?.head, false);
    const moved = branch ?? new Branch(repo, at.branch, [], head);
    if (branch !== undefined) branch.head = head(branch);
    return [moved.head, ...this.#propagate(moved, set)];
  }

  finishCommit(commit: Commit): Commit[] {
    refuseIf(commit.isSealed || commit.repo.isOutput, "it is finished, or a pipeline's");
    commit.isSealed = true;
    return [];
  }

  /** Makes a branch, or gives it other branches to come from; it gets an empty commit upon its head if they are others. */
  linkBranch(at: BranchRef, upstream: readonly BranchRef[]): Commit[] {
    const repo = this.repo(at.repo);
    refuseIf(repo.isOutput, "the model leaves a pipeline's branches to it");
    const set = new CommitSet();
    for (const each of upstream) this.repo(each.repo);
    refuseIf(
      upstream.some((each) => each.repo === at.repo),
      "it comes from its own repo",
    );
    refuseIf(new Set(upstream.map((each) => each.repo)).size < upstream.length, "two branches of one repo");
    const before = repo.branches.get(at.branch);
    const downstream = before === undefined ? [] : this.#downstreamOf(before);
    refuseIf(upstream.some(isAmong(downstream)), "a cycle");
    const isSame = before !== undefined && before.upstream.length === upstream.length && upstream.every(isAmong(before.upstream));
    const isRewired = upstream.length > 0 && !isSame;
    if (before === undefined || isRewired) this.#refuseTwoOfOneRepo(at, upstream);
    const made: Commit[] = [];
    const head = (parent: Commit | undefined) => (of: Branch) => {
      const commit = new Commit(set, of, parent, of.upstream.length === 0);
      made.push(commit);
      return commit;
    };
    const from = upstream.map((each) => {
      const other = this.repo(each.repo);
      return other.branches.get(each.branch) ?? new Branch(other, each.branch, [], head(undefined));
    });
    const branch = before ?? new Branch(repo, at.branch, from, head(undefined));
    branch.upstream = from;
    if (before !== undefined && isRewired) branch.head = head(before.head)(before);
    return before === undefined || isRewired ? [...made, ...this.#propagate(branch, set)] : made;
  }

  /** Points a branch that comes from nothing at another commit of its repo. */
  moveBranch(branch: Branch, head: Commit): Commit[] {
    branch.head = head;
    return this.#propagate(branch, new CommitSet());
  }

  deleteBranch(at: BranchRef): Commit[] {
    const repo = this.repo(at.repo);
    const branch = require(repo.branches.get(at.branch), `branch ${at.branch}`);
    refuseIf(
      this.branches.some((each) => each.upstream.includes(branch)),
      "another comes from it",
    );
    repo.branches.delete(at.branch);
    return [];
  }

  createPipeline(name: string, input: BranchRef): Commit[] {
    refuseIf(this.repos.has(name), "it exists");
    const repo = this.repo(input.repo);
    const set = new CommitSet();
    const made: Commit[] = [];
    const head = (of: Branch): Commit => {
      const commit = new Commit(set, of, undefined, true);
      made.push(commit);
      return commit;
    };
    const from = repo.branches.get(input.branch) ?? new Branch(repo, input.branch, [], head);
    const output = new Repo(name, true);
    this.repos.set(name, output);
    const branch = new Branch(output, "master", [from], head);
    branch.head.madePipeline = true;
    return [...made, ...this.#propagate(branch, set)];
  }

  deletePipeline(name: string): Commit[] {
    const repo = this.repo(name);
    refuseIf(!repo.isOutput, "it is no pipeline");
    this.#remove(repo);
    return [];
  }

  /** Squashed commits leave what they changed to their children; dropped ones, which have none, take it with them. */
  removeSet(how: "squash" | "drop", set: CommitSet): Commit[] {
    const commits = this.commits.filter((commit) => commit.set === set);
    const childrenOf = (commit: Commit): Commit[] => this.commits.filter(({ parent }) => parent === commit);
    refuseIf(
      this.commits.some((commit) => commit.set !== set && commit.provenance.some((up) => up.set === set)),
      "others come from it",
    );
    for (const commit of commits) {
      const children = childrenOf(commit);
      refuseIf(commit.madePipeline, "it made a pipeline");
      refuseIf(how === "drop" ? children.length > 0 : children.length === 0, "its children, or that it has none");
      refuseIf(
        children.some((child) => !child.isFinished),
        "an unfinished child",
      );
    }
    const replaced = new CommitSet();
    return commits.flatMap((commit) => this.#removeCommit(commit, childrenOf(commit), replaced));
  }

  #removeCommit(commit: Commit, children: readonly Commit[], replaced: CommitSet): Commit[] {
    for (const child of children) {
      child.inherited = new Map([...commit.inherited, ...commit.changes, ...child.inherited]);
      child.parent = commit.parent;
    }
    const branches = [...commit.repo.branches.values()].filter(({ head }) => head === commit);
    commit.repo.commits.splice(commit.repo.commits.indexOf(commit), 1);
    const [first] = branches;
    if (first === undefined) return [];
    const made = commit.parent === undefined ? [new Commit(replaced, first, undefined, first.upstream.length === 0)] : [];
    for (const branch of branches) branch.head = commit.parent ?? made[0] ?? commit;
    return made;
  }

  /** Refused where a branch of another repo comes from one of this. */
  #remove(repo: Repo): void {
    const others = this.branches.filter((branch) => branch.repo !== repo);
    refuseIf(
      others.some((branch) => branch.upstream.some((up) => up.repo === repo)),
      "another repo comes from it",
    );
    for (const commit of this.commits) commit.provenance = commit.provenance.filter((upstream) => upstream.repo !== repo);
    this.repos.delete(repo.name);
  }

  #downstreamOf(branch: Branch): Branch[] {
    const found: Branch[] = [];
    for (const each of this.branches)
      if (each.upstream.some((up) => up === branch || this.#isUpstream(branch, up))) found.push(each);
    return found;
  }

  #isUpstream(branch: Branch, of: Branch): boolean {
    return of.upstream.some((up) => up === branch || this.#isUpstream(branch, up));
  }

  /** All branches that come from a moved one get an open commit, in an order in which each comes after what it comes from. */
  #propagate(moved: Branch, set: CommitSet): Commit[] {
    const left = new Set(this.#downstreamOf(moved));
    const made: Commit[] = [];
    while (left.size > 0) {
      for (const branch of left) {
        if (branch.upstream.some((up) => left.has(up))) continue;
        left.delete(branch);
        if (branch.head.set === set) continue;
        branch.head = new Commit(set, branch, branch.head, branch.repo.isOutput);
        made.push(branch.head);
      }
    }
    return made;
  }

  /** No two of all the branches that are joined by provenance may be of one repo. */
  #refuseTwoOfOneRepo(at: BranchRef, upstream: readonly BranchRef[]): void {
    const edges = this.branches
      .filter((branch) => branch.repo.name !== at.repo || branch.name !== at.branch)
      .flatMap((branch) =>
        branch.upstream.map((up) => [keyOf(branch.repo.name, branch.name), keyOf(up.repo.name, up.name)] as const),
      );
    const own = keyOf(at.repo, at.branch);
    const all = [...edges, ...upstream.map((up) => [own, keyOf(up.repo, up.branch)] as const)];
    const joined = new Set([own]);
    for (let size = 0; size < joined.size;) {
      size = joined.size;
      for (const [one, other] of all) if (joined.has(one) || joined.has(other)) joined.add(one).add(other);
    }
    const repos = [...joined].map((key) => key.split("@")[0]);
    refuseIf(new Set(repos).size < repos.length, "two branches of one repo are joined");
  }
}

function isAmong(branches: readonly Branch[]): (ref: BranchRef) => boolean {
  return (ref) => branches.some((branch) => branch.repo.name === ref.repo && branch.name === ref.branch);
}

function keyOf(repo: string, branch: string): string {
  return `${repo}@${branch}`;
}
