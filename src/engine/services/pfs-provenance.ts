import type { APIHandlers } from "../../pachyderm/generated/pfs_v2/API.ts";
import type { CommitInfo } from "../../pachyderm/generated/pfs_v2/CommitInfo.ts";
import type { CommitPicker__Output as CommitPicker } from "../../pachyderm/generated/pfs_v2/CommitPicker.ts";
import { commitLinks } from "../pfs/commit-graph.ts";
import type { Direction } from "../pfs/links.ts";
import { within } from "../fault.ts";
import type { EngineState } from "../state.ts";
import { toCommitInfos } from "./commit-info.ts";
import type { Parts } from "./parts.ts";
import { pickCommit } from "./pickers.ts";
import { toWalkLimits } from "./walk-limits.ts";

const PAGE = 100;

/** Walks along the provenance of commits. */
export function provenanceHandlers({ state, rpc }: Parts): Partial<APIHandlers> {
  return {
    WalkCommitProvenance: rpc.stream((request) => walk(state, "provenance", request)),
    WalkCommitSubvenance: rpc.stream((request) => walk(state, "subvenance", request)),
  };
}

interface WalkRequest {
  readonly start?: readonly CommitPicker[];
  readonly max_commits?: unknown;
  readonly max_depth?: unknown;
}

/** From each start, nearest first; what several of them lead to comes several times, as in pachd. */
function* walk(state: EngineState, direction: Direction, request: WalkRequest): IterableIterator<CommitInfo> {
  const limits = toWalkLimits(request.max_depth, request.max_commits);
  const starts = within(`walk commit ${direction}: pick commits`, () =>
    (request.start ?? []).map((picker) => pickCommit(state.db, picker)),
  );
  for (const start of starts) {
    const found = commitLinks(state.db, start.id, direction, limits);
    for (let from = 0; from < found.length; from += PAGE) yield* toCommitInfos(state, found.slice(from, from + PAGE));
  }
}
