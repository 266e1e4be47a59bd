import { hash } from "node:crypto";
import { StemmaError } from "../../../src/lineage/errors.ts";
import type { BranchInfo, CommitInfo, CommitName } from "../../../src/pachyderm/types.ts";
import type { Remote } from "../../faults/remote.ts";
import { repo } from "../../helpers/engine.ts";
import type { Model } from "./model.ts";
import type { Commit } from "./objects.ts";

/** All that can be seen of the repos, to be compared. */
type State = readonly {
  readonly name: string;
  readonly branches: readonly { readonly name: string; readonly head: string; readonly upstream: readonly string[] }[];
  /** The oldest first. */
  readonly commits: readonly {
    readonly id: string;
    readonly parent: string;
    readonly isFinished: boolean;
    readonly error: string;
    readonly provenance: readonly string[];
    /** Undefined where nobody can know them yet. */
    readonly files: Readonly<Record<string, string>> | undefined;
  }[];
}[];

/** Whether anybody can know a commit's files: not while its parent, or a job, is at work. */
export function isReadable(commit: Commit): boolean {
  return commit.isFinished || (!commit.repo.isOutput && (commit.parent?.isFinished ?? true));
}

export function expectedState(model: Model): State {
  const repos = [...model.repos.values()].map(({ name, branches, commits }) => ({
    name,
    branches: [...branches.values()]
      .map((branch) => ({
        name: branch.name,
        head: branch.head.set.id,
        upstream: branch.upstream.map((up) => `${up.repo.name}@${up.name}`).sort(),
      }))
      .sort(byName),
    commits: commits.map((commit) => ({
      id: commit.set.id,
      parent: commit.parent?.set.id ?? "",
      isFinished: commit.isFinished,
      error: "",
      provenance: commit.provenance.map((up) => `${up.repo.name}@${up.set.id}`).sort(),
      files: isReadable(commit) ? inOrder([...commit.files].map(([path, content]) => [path, content])) : undefined,
    })),
  }));
  return repos.sort(byName);
}

/** Of all repos whose names begin with the prefix, which is left out. */
export async function foundState(remote: Remote, prefix: string): Promise<State> {
  const { client } = remote;
  const names = (await Array.fromAsync(client.listRepos())).map((info) => info.repo.name);
  const state = names
    .filter((name) => name.startsWith(prefix))
    .map(async (name) => ({
      name: name.slice(prefix.length),
      branches: (await Array.fromAsync(client.listBranches(repo(name)))).map((info) => toBranchState(info, prefix)).sort(byName),
      commits: await Promise.all(
        (await Array.fromAsync(client.listCommits(repo(name)))).toReversed().map((info) => toCommitState(remote, info, prefix)),
      ),
    }));
  return (await Promise.all(state)).sort(byName);
}

function toBranchState({ branch, head, directProvenance }: BranchInfo, prefix: string): State[number]["branches"][number] {
  const upstream = directProvenance.filter(({ repo: of }) => of.type === "user");
  return {
    name: branch.name,
    head: head?.id ?? "",
    upstream: upstream.map((up) => `${up.repo.name.slice(prefix.length)}@${up.name}`).sort(),
  };
}

async function toCommitState(remote: Remote, info: CommitInfo, prefix: string): Promise<State[number]["commits"][number]> {
  const isFinished = info.finished !== undefined;
  const provenance = info.directProvenance.filter(({ repo: of }) => of.type === "user");
  const isOutput = info.directProvenance.length > provenance.length;
  return {
    id: info.commit.id,
    parent: info.parent ?? "",
    isFinished,
    error: info.error,
    provenance: provenance.map((up) => `${up.repo.name.slice(prefix.length)}@${up.id}`).sort(),
    files: isOutput && !isFinished ? undefined : await readFiles(remote, info.commit),
  };
}

async function readFiles(remote: Remote, commit: CommitName): Promise<Record<string, string> | undefined> {
  try {
    return inOrder([...(await remote.readAll(commit))].map(([path, content]) => [path, content.toString()]));
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
    if (error.code === "NOT_FOUND") return {};
    if (error.message.endsWith("unfinished")) return undefined;
    throw error;
  }
}

/** By path; long contents by their digests, which print better. */
function inOrder(files: [path: string, content: string][]): Record<string, string> {
  const short = files.map(([path, content]): [string, string] => [
    path,
    content.length > 100 ? hash("sha256", content) : content,
  ]);
  return Object.fromEntries(short.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}
