import type { Commit, Commit__Output as CommitRequest } from "../../pachyderm/generated/pfs_v2/Commit.ts";
import type { FileInfo } from "../../pachyderm/generated/pfs_v2/FileInfo.ts";
import type { File__Output as FileRequest } from "../../pachyderm/generated/pfs_v2/File.ts";
import type { PathRange__Output as PathRangeRequest } from "../../pachyderm/generated/pfs_v2/PathRange.ts";
import type { Timestamp } from "../../pachyderm/generated/google/protobuf/Timestamp.ts";
import { type CommitRow, commitById, commitText } from "../pfs/commits.ts";
import type { Database } from "../store/database.ts";
import { notFound, refused } from "../fault.ts";
import type { FileNode, FileSet, PathRange } from "../files/file-set.ts";
import { FILE_SETS_REPO, findFileSet } from "../pfs/file-sets.ts";
import { repoText } from "../pfs/names.ts";
import { resolveCommit } from "../pfs/resolve-commit.ts";
import type { EngineState } from "../state.ts";
import { writtenBy } from "../files/written-by.ts";
import { fromCommit, fromRepo, toCommitKey, toRepoKey, toTimestamp } from "./wire.ts";

/** The files that a reading request looks at, and how each says whose it is. Held against clean-up until it is disposed of. */
export interface FileView extends Disposable {
  readonly files: FileSet;
  readonly root: string;
  readonly commit: Commit;
  /** When the commit got its last file; null while it is open, and of a file set. */
  readonly committed: Timestamp | null;
  /** The commit's own row; undefined for a file set. */
  readonly row: CommitRow | undefined;
}

/** Opens a commit, or a file set as a commit of the pseudo repo; with `datum`, only what that datum has written. */
export function openCommit(state: EngineState, request: CommitRequest | undefined, datum?: string): FileView {
  const repo = request?.repo ?? request?.branch?.repo;
  if (repo?.name === FILE_SETS_REPO) {
    const { id = "" } = request ?? {};
    const commit = { repo: fromRepo(toRepoKey(repo)), id };
    return view(state, findFileSet(state.db, id).root, datum, { commit, committed: null, row: undefined });
  }
  return openRow(state, resolveCommit(state.db, toCommitKey(request)), datum);
}

export function openFile(state: EngineState, request: FileRequest | undefined): FileView {
  return openCommit(state, request?.commit, request?.datum);
}

/** Opens a commit that is known already. */
export function openRow(state: EngineState, row: CommitRow, datum?: string): FileView {
  if (row.forgotten) throw refused("the commit is forgotten");
  requireBase(state.db, row);
  const committed = row.finishing === null ? null : toTimestamp(row.finishing);
  return view(state, row.root, datum, { commit: fromCommit(state.db, row), committed, row });
}

function view(
  state: EngineState,
  root: string,
  datum: string | undefined,
  whose: Pick<FileView, "commit" | "committed" | "row">,
): FileView {
  const hold = state.content.hold(root);
  const files = datum === undefined || datum === "" ? state.files(root) : writtenBy(state.nodes, root, datum);
  return { ...whose, files, root, [Symbol.dispose]: () => hold[Symbol.dispose]() };
}

/** Until the commit before it is finished, nobody knows what files a commit has besides those that it adds. */
function requireBase(db: Database, row: CommitRow): void {
  if (row.finished !== null) return;
  for (let id = row.parent; id !== null;) {
    const parent = commitById(db, id);
    if (parent.error === "" && parent.finished === null)
      throw refused(`base commit ${commitText(db, parent)} for commit ${commitText(db, row)} unfinished`);
    id = parent.error === "" ? null : parent.parent;
  }
}

export function toFileInfo({ commit, committed }: FileView, node: FileNode): FileInfo {
  return {
    file: { commit, path: node.path, datum: node.tag },
    file_type: node.type,
    committed,
    size_bytes: String(node.bytes),
    hash: Buffer.from(node.hash, "hex"),
  };
}

/** Says what was asked for as it was asked for: a commit asked for by its branch comes without an id, as from pachd. */
export function fileNotFound(request: FileRequest | undefined): Error {
  const repo = repoText(toRepoKey(request?.commit?.repo ?? request?.commit?.branch?.repo));
  return notFound(`file ${request?.path || "/"} not found in repo ${repo} at commit ${request?.commit?.id ?? ""}`);
}

export function toPathRange(range: PathRangeRequest | undefined): PathRange {
  return { lower: range?.lower ?? "", upper: range?.upper ?? "" };
}
