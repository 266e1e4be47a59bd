import type { AddFile__Output as AddFile } from "../../pachyderm/generated/pfs_v2/AddFile.ts";
import type { ModifyFileRequest__Output as ModifyFileRequest } from "../../pachyderm/generated/pfs_v2/ModifyFileRequest.ts";
import { findBranch, upstreamBranches } from "../branches.ts";
import { type CommitRow, alreadyFinished, commitById, goodRoot, sealCommit } from "../commits.ts";
import { type FileOperation, planEdits, tagOf } from "../edits.ts";
import { invalid, refused, unimplemented } from "../fault.ts";
import { finishWhenParentHas } from "../finish.ts";
import { branchText, cleanPath } from "../names.ts";
import { inspectRepo } from "../repos.ts";
import { type CommitKey, resolveCommit } from "../resolve-commit.ts";
import { startCommit } from "../start-commit.ts";
import type { EngineState } from "../state.ts";
import { applyEdits } from "../tree.ts";
import { toCommitKey } from "./wire.ts";

/**
 * Takes a stream of changes and makes them at once when it ends: into the open commit that it names, or as a commit of its
 * own on a branch. A stream that breaks off leaves nothing behind but stored bytes that nothing refers to.
 */
export async function modifyFile(state: EngineState, messages: AsyncIterable<ModifyFileRequest>): Promise<void> {
  const stream = new PeekableStream(messages);
  const first = await stream.next();
  if (first?.set_commit === undefined) throw refused("first message must be a commit");
  const key = toCommitKey(first.set_commit);
  inspectRepo(state.db, key.repo);
  const operations: FileOperation[] = [];
  for (let message = await stream.peek(); message !== undefined; message = await stream.peek())
    operations.push(await take(state, stream, message));
  for (;;) {
    const root = findTarget(state, key).root;
    const edits = await planEdits(state, root, operations);
    const done = state.write((tx) => {
      // Another writer may have come first while this one was reading: then plan again, upon its files.
      const target = findTarget(state, key);
      if (target.root !== root) return false;
      const commit = target.open ?? startCommit(tx, key.repo, key.branch ?? "", "");
      tx.db.run("UPDATE commits SET root = ? WHERE id = ?", applyEdits(state.nodes, root, edits), commit.id);
      if (target.open === undefined) {
        sealCommit(tx, commit);
        finishWhenParentHas(tx, state.nodes, commitById(tx.db, commit.id));
      }
      return true;
    });
    if (done) return;
  }
}

interface Target {
  /** The open commit to write into; undefined when a new one is to be made on the branch. */
  readonly open: CommitRow | undefined;
  /** The files that the changes are applied to. */
  readonly root: string;
}

function findTarget(state: EngineState, key: CommitKey): Target {
  const { db } = state;
  const onBranch = key.branch !== undefined && key.id === "";
  const branch = onBranch ? findBranch(db, inspectRepo(db, key.repo).id, key.branch ?? "") : undefined;
  if (onBranch && branch === undefined) return { open: undefined, root: goodRoot(db, undefined) };
  const commit = branch === undefined ? resolveCommit(db, key) : commitById(db, branch.head);
  if (commit.finishing === null) return { open: commit, root: commit.root };
  if (branch === undefined) throw alreadyFinished(db, commit);
  if (upstreamBranches(db, branch.id).length > 0)
    throw refused(`cannot start a commit on an output branch: ${branchText(key.repo, branch.name)}`);
  return { open: undefined, root: goodRoot(db, commit) };
}

/** Takes one operation off the stream: one message, or all that follow each other with pieces of one file. */
async function take(
  state: EngineState,
  stream: PeekableStream<ModifyFileRequest>,
  message: ModifyFileRequest,
): Promise<FileOperation> {
  if (message.add_file !== undefined) {
    const { path, datum } = message.add_file;
    const clean = cleanPath(path ?? "");
    return {
      kind: "append",
      path: clean,
      tag: tagOf(datum),
      content: await state.content.write(piecesOf(stream, message.add_file)),
    };
  }
  await stream.next();
  if (message.delete_file !== undefined) {
    const { path = "", datum } = message.delete_file;
    if (path.endsWith("/")) return { kind: "deleteDirectory", path: path.startsWith("/") ? path : `/${path}` };
    return { kind: "delete", path: cleanPath(path), tag: tagOf(datum) };
  }
  if (message.copy_file !== undefined) {
    const { dst = "", datum, src, append = false } = message.copy_file;
    const source = resolveCommit(state.db, toCommitKey(src?.commit));
    return {
      kind: "copy",
      path: cleanPath(dst),
      tag: tagOf(datum),
      append,
      source: state.files(source.root),
      from: src?.path ?? "/",
    };
  }
  throw message.set_commit === undefined ? invalid("validate recv: a change is required") : refused("cannot set commit");
}

async function* piecesOf(stream: PeekableStream<ModifyFileRequest>, file: AddFile): AsyncIterableIterator<Uint8Array> {
  for (let message = await stream.peek(); message !== undefined; message = await stream.peek()) {
    const next = message.add_file;
    if (next === undefined || next.path !== file.path || next.datum !== file.datum) return;
    if (next.url !== undefined) throw unimplemented("the embedded engine does not fetch URLs; put the file's bytes");
    await stream.next();
    const value = next.raw?.value;
    if (value !== undefined) yield typeof value === "string" ? Buffer.from(value, "base64") : value;
  }
}

/** An async stream in which one can look at the next element without taking it. */
class PeekableStream<T> {
  private readonly source: AsyncIterator<T>;
  private ahead: Promise<IteratorResult<T>> | undefined;

  constructor(source: AsyncIterable<T>) {
    this.source = source[Symbol.asyncIterator]();
  }

  async peek(): Promise<T | undefined> {
    this.ahead ??= this.source.next();
    const { done, value } = await this.ahead;
    return done === true ? undefined : value;
  }

  async next(): Promise<T | undefined> {
    const value = await this.peek();
    this.ahead = undefined;
    return value;
  }
}
