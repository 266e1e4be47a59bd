import { RepoCalls } from "./client-repos.ts";
import { toFileInfo } from "./from-wire.ts";
import type { Commit } from "./generated/pfs_v2/Commit.ts";
import type { ModifyFileRequest } from "./generated/pfs_v2/ModifyFileRequest.ts";
import { CHUNK_BYTES } from "./protocol.ts";
import { pfs } from "./services.ts";
import { fromCommitName, fromCommitQuery, fromFileQuery, newCommitOn } from "./to-wire.ts";
import type { BranchName, CommitName, CommitQuery, FileChange, FileDifference, FileInfo } from "./types.ts";

type Changes = AsyncIterable<FileChange> | Iterable<FileChange>;

/** Calls about files. */
export class FileCalls extends RepoCalls {
  /** Makes all the changes in one commit of its own, or in the branch's open one; nothing is seen of a stream that fails. */
  async modifyBranch(branch: BranchName, changes: Changes): Promise<void> {
    await this.#modify(newCommitOn(branch), changes);
  }

  /** Changes an open commit. */
  async modifyCommit(commit: CommitName, changes: Changes): Promise<void> {
    await this.#modify(fromCommitName(commit), changes);
  }

  async #modify(commit: Commit, changes: Changes): Promise<void> {
    // A second commit in one stream is an error on every server.
    await this.connection.send(pfs.ModifyFile, toModifyRequests(commit, changes), { set_commit: commit });
  }

  /** A file's bytes, in pieces, from an offset. */
  readFile(query: CommitQuery, path: string, offsetBytes = 0): AsyncIterable<Uint8Array> {
    return this.connection.receive(
      pfs.GetFile,
      { file: fromFileQuery(query, path), offset: offsetBytes },
      (piece) => piece.value,
    );
  }

  async inspectFile(query: CommitQuery, path: string): Promise<FileInfo> {
    return toFileInfo(await this.connection.call(pfs.InspectFile, { file: fromFileQuery(query, path) }));
  }

  /** What is directly in a directory, or the file itself; nothing where there is nothing. By path. */
  listFiles(query: CommitQuery, path: string): AsyncIterable<FileInfo> {
    return this.connection.receive(pfs.ListFile, { file: fromFileQuery(query, path) }, toFileInfo);
  }

  /** A directory and all below it, by path; NOT_FOUND where there is nothing. */
  walkFiles(query: CommitQuery, path: string): AsyncIterable<FileInfo> {
    return this.connection.receive(pfs.WalkFile, { file: fromFileQuery(query, path) }, toFileInfo);
  }

  /** What differs below a path between two commits, directories too; by path. */
  diffFiles(older: CommitQuery, newer: CommitQuery, path: string): AsyncIterable<FileDifference> {
    const request = { old_file: fromFileQuery(older, path), new_file: fromFileQuery(newer, path) };
    return this.connection.receive(pfs.DiffFile, request, ({ old_file: before, new_file: after }) => ({
      older: before ? toFileInfo(before) : undefined,
      newer: after ? toFileInfo(after) : undefined,
    }));
  }

  /** Files and directories that match a pattern of Pachyderm's, by path. */
  globFiles(query: CommitQuery, pattern: string): AsyncIterable<FileInfo> {
    return this.connection.receive(pfs.GlobFile, { commit: fromCommitQuery(query), pattern }, toFileInfo);
  }
}

/** The messages of one ModifyFile call: the commit, then the changes in their order. */
export async function* toModifyRequests(commit: Commit, changes: Changes): AsyncGenerator<ModifyFileRequest> {
  yield { set_commit: commit };
  for await (const change of changes) {
    if (change.kind === "delete") yield { delete_file: { path: change.path } };
    else yield* toPutRequests(change);
  }
}

/** Adding appends, so that a put which replaces begins by deleting. */
async function* toPutRequests(put: FileChange & { readonly kind: "put" }): AsyncGenerator<ModifyFileRequest> {
  const { path, content } = put;
  if (put.append !== true) yield { delete_file: { path } };
  let isEmpty = true;
  for await (const piece of content instanceof Uint8Array ? [content] : content) {
    for (let start = 0; start < piece.length; start += CHUNK_BYTES) {
      isEmpty = false;
      yield { add_file: { path, raw: { value: piece.subarray(start, start + CHUNK_BYTES) } } };
    }
  }
  if (isEmpty) yield { add_file: { path } };
}
