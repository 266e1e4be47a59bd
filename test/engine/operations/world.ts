import { StemmaError } from "../../../src/lineage/errors.ts";
import type { BranchName, CommitName, FileChange, PipelineName, RepoName } from "../../../src/pachyderm/types.ts";
import type { Copy, Remote } from "../../faults/remote.ts";
import { branch, pipeline, repo, shellSpec } from "../../helpers/engine.ts";
import { Model } from "./model.ts";
import { type Branch, type Commit, Refusal } from "./objects.ts";
import { expectedState, foundState, isReadable } from "./state.ts";
import { type BranchRef, CONTENTS, type Edit, REPOS, type Step } from "./steps.ts";

/** Something that is done to the model and to the engine. */
interface Operation {
  readonly expect: () => Commit[];
  readonly run: () => Promise<unknown>;
}

/** A model and an engine that the same is done to. */
export class World {
  readonly #model = new Model();
  readonly #remote: Remote;
  /** Begins the names of all repos here. */
  readonly #prefix: string;
  /** Outputs of jobs that were waited for. */
  readonly #ended = new Set<Commit>();

  constructor(remote: Remote, prefix: string) {
    this.#remote = remote;
    this.#prefix = prefix;
  }

  /** Makes the first repos, or most steps would have nothing to work on. */
  async begin(): Promise<void> {
    for (const name of REPOS) await this.take({ do: "create repo", repo: name });
  }

  /** Answers what the engine did otherwise than the model; undefined where both agree, or where there is nothing to do. */
  async take(step: Step): Promise<string | undefined> {
    const operation = this.#operation(step);
    if (operation === undefined) return undefined;
    const made = attempt(operation.expect);
    const error = await operation.run().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error !== undefined && (!(error instanceof StemmaError) || error.message.includes("internal error"))) throw error;
    if (made instanceof Refusal)
      return error === undefined ? `the engine allows what the model refuses: ${made.message}` : undefined;
    if (error !== undefined) return `the engine refuses what the model allows: ${error.message}`;
    await this.#learnId(made);
    await this.#waitForJobs();
    return undefined;
  }

  /** Compares all that there is: repos, branches, commits and files. */
  async check(): Promise<string | undefined> {
    const states = [expectedState(this.#model), await foundState(this.#remote, this.#prefix)];
    const [expected, found] = states.map((state) => JSON.stringify(state, undefined, 1));
    return expected === found ? undefined : `the engine has\n${found}\ninstead of\n${expected}`;
  }

  /** Deletes all that was made. */
  async clear(): Promise<void> {
    const { client } = this.#remote;
    const repos = [...this.#model.repos.values()];
    for (const { name, isOutput } of repos) if (isOutput) await client.deletePipeline(this.#pipeline(name), { force: true });
    for (const { name, isOutput } of repos) if (!isOutput) await client.deleteRepo(this.#repo(name), { force: true });
  }

  #operation(step: Step): Operation | undefined {
    const model = this.#model;
    const { client } = this.#remote;
    switch (step.do) {
      case "create repo":
        return { expect: () => model.createRepo(step.repo), run: () => client.createRepo(this.#repo(step.repo)) };
      case "delete repo":
        return { expect: () => model.deleteRepo(step.repo), run: () => client.deleteRepo(this.#repo(step.repo)) };
      case "start":
        return { expect: () => model.startCommit(step), run: () => client.startCommit(this.#branch(step)) };
      case "change":
        return this.#change(step, step.edits);
      case "finish":
        return this.#ofCommit(step, isOpen, (commit) => ({
          expect: () => model.finishCommit(commit),
          run: () => client.finishCommit(this.#commit(commit)),
        }));
      case "squash":
      case "drop":
        return this.#ofCommit(step, step.do === "squash" ? hasChildren : isHead, ({ set }) => ({
          expect: () => model.removeSet(step.do, set),
          run: () => this.#remote[step.do](set.id),
        }));
      case "link": {
        const provenance = step.upstream.map((each) => this.#branch(each));
        return {
          expect: () => model.linkBranch(step, step.upstream),
          run: () => client.createBranch(this.#branch(step), { provenance }),
        };
      }
      case "move":
        return this.#move(step);
      case "delete branch":
        return { expect: () => model.deleteBranch(step), run: () => this.#remote.deleteBranch(this.#branch(step)) };
      case "create pipeline":
        return { expect: () => model.createPipeline(step.name, step), run: () => client.createPipeline(this.#spec(step)) };
      case "delete pipeline":
    }
    return { expect: () => model.deletePipeline(step.name), run: () => client.deletePipeline(this.#pipeline(step.name)) };
  }

  /** Not where a change would be one of files that are not known yet. */
  #change(at: BranchRef, edits: readonly Edit[]): Operation | undefined {
    const head = this.#model.repos.get(at.repo)?.branches.get(at.branch)?.head;
    const below = head?.isSealed === false ? head.parent : head;
    if (below?.isFinished === false) return undefined;
    const files = new Map(head?.files);
    const changes = new Map<string, string | undefined>();
    const requests: (FileChange | Copy)[] = [];
    for (const edit of edits) {
      const source = edit.do === "copy" ? this.#pick(edit.commit) : undefined;
      if (edit.do === "copy" && !isWorthCopying(source)) continue;
      requests.push(toRequest(edit, source && this.#commit(source)));
      for (const [path, content] of changesOf(edit, files, source)) {
        changes.set(path, content);
        if (content === undefined) files.delete(path);
        else files.set(path, content);
      }
    }
    return { expect: () => this.#model.change(at, changes), run: () => this.#remote.modify(this.#branch(at), requests) };
  }

  /** A branch that comes from others gets its commits from them. */
  #move(step: Step & { do: "move" }): Operation | undefined {
    const branches = this.#model.branches.filter(({ repo: of, upstream }) => !of.isOutput && upstream.length === 0);
    const moved = branches[step.branch % Math.max(1, branches.length)];
    const head = moved?.repo.commits[step.commit % Math.max(1, moved.repo.commits.length)];
    if (moved === undefined || head === undefined) return undefined;
    return {
      expect: () => this.#model.moveBranch(moved, head),
      run: () => this.#remote.client.createBranch(this.#branch(refOf(moved)), { head: head.set.id }),
    };
  }

  #repo(name: string): RepoName {
    return repo(this.#prefix + name);
  }

  #branch(at: BranchRef): BranchName {
    return branch(this.#prefix + at.repo, at.branch);
  }

  #commit({ repo: of, set }: Commit): CommitName {
    return { repo: this.#repo(of.name), id: set.id };
  }

  #pipeline(name: string): PipelineName {
    return pipeline(this.#prefix + name);
  }

  /** A pipeline that copies what it reads. */
  #spec({ name, ...input }: BranchRef & { readonly name: string }): string {
    const pfs = { repo: this.#prefix + input.repo, branch: input.branch, name: "in", glob: "/" };
    return shellSpec(this.#prefix + name, pfs.repo, "cp -r /pfs/in/. /pfs/out/", { input: { pfs } });
  }

  /** Mostly of a commit that is likely to allow it. */
  #ofCommit(
    { commit: number }: { readonly commit: number },
    isLikely: (commit: Commit) => boolean,
    operation: (commit: Commit) => Operation,
  ): Operation | undefined {
    const likely = this.#model.commits.filter((commit) => number % 8 === 0 || isLikely(commit));
    const commit = likely[number % Math.max(1, likely.length)];
    return commit && operation(commit);
  }

  #pick(number: number): Commit | undefined {
    const { commits } = this.#model;
    return commits[number % Math.max(1, commits.length)];
  }

  /** The engine gives the commits of a change their id. */
  async #learnId(made: readonly Commit[]): Promise<void> {
    const unknown = made.find(({ set }) => set.id === "");
    if (unknown === undefined) return;
    const at = this.#model.branches.find(({ head }) => head.set === unknown.set);
    if (at === undefined) throw new Error("no branch has a commit that was just made as its head");
    unknown.set.id = (await this.#remote.client.inspectBranch(this.#branch(refOf(at)))).head?.id ?? "";
  }

  async #waitForJobs(): Promise<void> {
    for (const commit of this.#model.commits) {
      if (!commit.repo.isOutput || !commit.isFinished || this.#ended.has(commit)) continue;
      this.#ended.add(commit);
      await this.#remote.client.inspectCommit({ repo: this.#repo(commit.repo.name), at: commit.set.id }, "FINISHED");
    }
  }
}

function attempt(expect: () => Commit[]): Commit[] | Refusal {
  try {
    return expect();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function isOpen(commit: Commit): boolean {
  return !commit.isSealed && !commit.repo.isOutput;
}

function hasChildren(commit: Commit): boolean {
  return commit.repo.commits.some(({ parent }) => parent === commit);
}

function isHead(commit: Commit): boolean {
  return [...commit.repo.branches.values()].some(({ head }) => head === commit);
}

function refOf({ repo: of, name }: Branch): BranchRef {
  return { repo: of.name, branch: name };
}

/** Its files are known, and not too many. */
function isWorthCopying(source: Commit | undefined): boolean {
  return source !== undefined && isReadable(source) && source.files.size > 0 && source.files.size < 10;
}

function contentOf({ content }: { readonly content: number }): string {
  return CONTENTS[content] ?? "";
}

/** What an edit makes of files. */
function changesOf(edit: Edit, files: ReadonlyMap<string, string>, source: Commit | undefined): [string, string | undefined][] {
  if (edit.do === "copy") return [...(source?.files ?? [])].map(([path, content]) => [edit.path + path, content]);
  if (edit.do === "delete") return [[edit.path, undefined]];
  const before = edit.do === "append" ? (files.get(edit.path) ?? "") : "";
  return [[edit.path, before + contentOf(edit)]];
}

function toRequest(edit: Edit, from: CommitName | undefined): FileChange | Copy {
  if (edit.do === "delete") return { kind: "delete", path: edit.path };
  if (edit.do === "copy") return { kind: "copy", path: edit.path, from: from ?? { repo: repo(""), id: "" } };
  return { kind: "put", path: edit.path, append: edit.do === "append", content: Buffer.from(contentOf(edit)) };
}
