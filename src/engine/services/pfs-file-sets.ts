import type { APIHandlers } from "../../pachyderm/generated/pfs_v2/API.ts";
import type { AddFileSetRequest__Output as AddFileSetRequest } from "../../pachyderm/generated/pfs_v2/AddFileSetRequest.ts";
import type { GetFileSetRequest__Output as GetFileSetRequest } from "../../pachyderm/generated/pfs_v2/GetFileSetRequest.ts";
import { changeFiles } from "../pfs/change-files.ts";
import { type FileOperation, type Staging, stage } from "../files/edits.ts";
import { within } from "../fault.ts";
import {
  DEFAULT_TTL_SECONDS,
  checkTtl,
  findFileSet,
  keepFileSet,
  operationsBetween,
  operationsOf,
  renewFileSet,
  shards,
  toFileSet,
} from "../pfs/file-sets.ts";
import type { Hold } from "../store/hold.ts";
import { repoById } from "../pfs/repos.ts";
import { resolveCommit } from "../pfs/resolve-commit.ts";
import type { EngineState } from "../state.ts";
import { EMPTY_ROOT } from "../tree/tree.ts";
import { readChanges } from "./file-changes.ts";
import { openRow } from "./file-view.ts";
import { EMPTY, type Parts } from "./parts.ts";
import { toCommitKey } from "./wire.ts";

/** File sets: files on their way into a commit. */
export function fileSetHandlers({ state, rpc, urls }: Parts): Partial<APIHandlers> {
  return {
    CreateFileSet: rpc.collect(async (messages) => {
      using hold = state.content.hold();
      return { file_set_id: await keep(state, await readChanges({ state, urls, hold }, messages), hold) };
    }),
    GetFileSet: rpc.unary(async (request) => ({ file_set_id: await getFileSet(state, request) })),
    AddFileSet: rpc.unary(async (request) => {
      await addFileSet(state, request);
      return EMPTY;
    }),
    RenewFileSet: rpc.unary(({ file_set_id: id, ttl_seconds: ttl }) => {
      state.write((tx) => renewFileSet(tx, id ?? "", Number(ttl ?? 0)));
      return EMPTY;
    }),
    ComposeFileSet: rpc.unary(async ({ file_set_ids: ids = [], ttl_seconds: ttl }) => {
      const seconds = Number(ttl ?? 0) || DEFAULT_TTL_SECONDS;
      checkTtl(seconds);
      using hold = state.content.hold();
      const staging = stage(...ids.map((id) => layer(state, id, hold)));
      return { file_set_id: await keep(state, staging, hold, seconds) };
    }),
    ShardFileSet: rpc.unary(({ file_set_id: id, num_files: files, size_bytes: bytes }) => ({
      shards: shards(state.files(findFileSet(state.db, id ?? "").root), { files: Number(files ?? 0), bytes: Number(bytes ?? 0) }),
    })),
  };
}

async function keep(state: EngineState, staging: Staging, hold: Hold, ttlSeconds?: number): Promise<string> {
  const edits = await staging.plan(state, EMPTY_ROOT, hold);
  return state.write((tx) => keepFileSet(tx, toFileSet(state.nodes, edits), ttlSeconds));
}

/** All files of a commit, or what it has changed. */
async function getFileSet(state: EngineState, { commit, type }: GetFileSetRequest): Promise<string> {
  using hold = state.content.hold();
  const row = within("get file set", () => resolveCommit(state.db, toCommitKey(commit)));
  using view = within("get file set", () => openRow(state, row));
  hold.keep(row.base);
  if (type === "DIFF") return await keep(state, stage(operationsBetween(state.nodes, row.base, row.root)), hold);
  return state.write((tx) => keepFileSet(tx, { root: view.root, deleted: [] }));
}

/** Changes an open commit: there is none of its own for this. */
async function addFileSet(state: EngineState, { commit, file_set_id: id = "" }: AddFileSetRequest): Promise<void> {
  using hold = state.content.hold();
  const staging = stage(layer(state, id, hold));
  const row = resolveCommit(state.db, toCommitKey(commit));
  const key = { repo: repoById(state.db, row.repo), branch: undefined, id: row.set_id };
  await changeFiles(state, key, hold, (root) => staging.plan(state, root, hold));
}

function layer(state: EngineState, id: string, hold: Hold): IterableIterator<FileOperation> {
  const { root, deleted } = findFileSet(state.db, id);
  hold.keep(root);
  return operationsOf(state.files(root), deleted);
}
