import { hash } from "node:crypto";
import { StemmaError } from "../../src/lineage/errors.ts";
import type { CommitInfo } from "../../src/pachyderm/types.ts";
import { repo } from "../helpers/engine.ts";
import { type Parts, digestOf } from "./contents.ts";
import type { Remote } from "./remote.ts";

type Files = ReadonlyMap<string, Parts>;

interface ModelCommit {
  readonly isFinished: boolean;
  readonly files: Files;
}

/** The commits of a repo with one branch as they must be, oldest first. */
export type Model = readonly ModelCommit[];

/** A commit as it is found. */
export interface FoundCommit {
  readonly id: string;
  readonly isFinished: boolean;
  readonly error: string;
  /** The SHA-256 of each file, by its path. */
  readonly files: ReadonlyMap<string, string>;
}

/** What becomes of one file: new content, more of it, or none. */
export interface Change {
  readonly path: string;
  readonly append: boolean;
  /** Undefined to delete it. */
  readonly content: number | undefined;
}

/** Changes the open commit, or makes one. */
export function change(model: Model, changes: readonly Change[]): Model {
  const head = model.at(-1);
  const files = new Map(head?.files);
  for (const { path, append, content } of changes) {
    if (content === undefined) files.delete(path);
    else files.set(path, append ? [...(files.get(path) ?? []), content] : [content]);
  }
  return head?.isFinished === false
    ? [...model.slice(0, -1), { isFinished: false, files }]
    : [...model, { isFinished: true, files }];
}

export function start(model: Model): Model {
  return [...model, { isFinished: false, files: model.at(-1)?.files ?? new Map() }];
}

export function finish(model: Model): Model {
  return model.map(({ files }) => ({ isFinished: true, files }));
}

export function remove(model: Model, index: number): Model {
  return model.toSpliced(index, 1);
}

/** Reads the commits of a repo, oldest first; those of a pipeline's only when they are finished. */
export async function findCommits(remote: Remote, name: string, { isOutput = false } = {}): Promise<FoundCommit[]> {
  const all = await Array.fromAsync(remote.client.listCommits(repo(name)));
  const infos = all.filter(({ finished }) => !isOutput || finished !== undefined);
  return Promise.all(
    infos.toReversed().map(async (info) => ({
      id: info.commit.id,
      isFinished: info.finished !== undefined,
      error: info.error,
      files: await readFiles(remote, info),
    })),
  );
}

/** The SHA-256 of each file. A commit without files has none that could be asked for. */
async function readFiles(remote: Remote, { commit }: CommitInfo): Promise<Map<string, string>> {
  const files = await remote.readAll(commit).catch((error: unknown) => {
    if (error instanceof StemmaError && error.code === "NOT_FOUND") return new Map<string, Buffer>();
    throw error;
  });
  return new Map([...files].map(([path, content]) => [path, hash("sha256", content)]));
}

/** How commits differ from what they must be, in words; empty when they do not. */
export function difference(found: readonly FoundCommit[], model: Model): string {
  if (found.length !== model.length) return `${found.length} commits instead of ${model.length}`;
  for (const [index, { isFinished, files }] of model.entries()) {
    const commit = found[index];
    if (commit?.isFinished !== isFinished) return `commit ${index} is ${isFinished ? "not finished" : "finished"}`;
    if (commit.error !== "") return `commit ${index} has the error "${commit.error}"`;
    const digests = new Map([...files].map(([path, parts]) => [path, digestOf(parts)]));
    const paths = new Set([...digests.keys(), ...commit.files.keys()]);
    const wrong = [...paths].filter((path) => digests.get(path) !== commit.files.get(path));
    if (wrong.length > 0) return `commit ${index} differs in ${wrong.join(", ")}`;
  }
  return "";
}
