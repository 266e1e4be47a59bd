import type { Commit__Output as Commit } from "../../pachyderm/generated/pfs_v2/Commit.ts";
import type { ModifyFileRequest__Output as ModifyFileRequest } from "../../pachyderm/generated/pfs_v2/ModifyFileRequest.ts";
import { changeFiles, findTarget } from "../pfs/change-files.ts";
import { refused } from "../fault.ts";
import { isCommitId } from "../pfs/names.ts";
import type { CommitKey } from "../pfs/resolve-commit.ts";
import type { EngineState } from "../state.ts";
import type { UrlAccess } from "../urls/access.ts";
import { readChanges } from "./file-changes.ts";
import { toCommitKey } from "./wire.ts";

/**
 * Takes a stream of changes and makes them at once when it ends: into the open commit that it names, or as a commit of its
 * own on a branch. A stream that breaks off leaves nothing behind but stored bytes that nothing refers to.
 */
export async function modifyFile(state: EngineState, urls: UrlAccess, messages: AsyncIterable<ModifyFileRequest>): Promise<void> {
  const stream = messages[Symbol.asyncIterator]();
  const first = await stream.next();
  if (first.done === true || first.value.set_commit === undefined) throw refused("first message must be a commit");
  const key = toTarget(first.value.set_commit);
  findTarget(state, key);
  using hold = state.content.hold();
  const staging = await readChanges({ state, urls, hold }, { [Symbol.asyncIterator]: () => stream });
  await changeFiles(state, key, hold, (root) => staging.plan(state, root, hold));
}

/** A branch without a name has the commit's, unless that is an id. */
function toTarget(commit: Commit): CommitKey {
  const key = toCommitKey(commit);
  const isBranch = commit.branch !== undefined && key.branch === undefined && key.id !== "" && !isCommitId(key.id);
  return isBranch ? { ...key, branch: key.id, id: "" } : key;
}
