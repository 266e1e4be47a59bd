import { status } from "@grpc/grpc-js";
import type { APIHandlers } from "../../pachyderm/generated/pfs_v2/API.ts";
import type { CheckStorageRequest__Output as CheckStorageRequest } from "../../pachyderm/generated/pfs_v2/CheckStorageRequest.ts";
import type { FsckRequest__Output as FsckRequest } from "../../pachyderm/generated/pfs_v2/FsckRequest.ts";
import type { FsckResponse } from "../../pachyderm/generated/pfs_v2/FsckResponse.ts";
import { Fault } from "../fault.ts";
import { checkStore } from "../upkeep/fsck.ts";
import { findZombies, outputHeads } from "../upkeep/fsck-zombies.ts";
import { resolveCommit } from "../pfs/resolve-commit.ts";
import type { EngineState } from "../state.ts";
import { verifyObjects } from "../upkeep/verify-objects.ts";
import type { Parts } from "./parts.ts";
import { toCommitKey } from "./wire.ts";

/** The store below: checks of what it holds. */
export function storeHandlers({ state, rpc }: Parts): Partial<APIHandlers> {
  return {
    Fsck: rpc.stream((request, { signal }) => fsck(state, request, signal)),
    CheckStorage: rpc.unary(async (request) => ({ chunk_object_count: await countObjects(state, request) })),
  };
}

async function* fsck(state: EngineState, request: FsckRequest, signal: AbortSignal): AsyncGenerator<FsckResponse> {
  const { fix = false, zombie_target: target, zombie_all: all = false } = request;
  const outputs = target === undefined ? [] : [resolveCommit(state.db, toCommitKey(target))];
  for await (const { kind, text } of checkStore(state, { fix, signal })) yield kind === "fix" ? { fix: text } : { error: text };
  for await (const error of findZombies(state, all ? outputHeads(state) : outputs)) yield { error };
}

/** Counts the objects whose ids lie in a range: from the first up to, but without, the second. Throws DATA_LOSS at a damaged one. */
async function countObjects(state: EngineState, request: CheckStorageRequest): Promise<number> {
  const [begin, end] = [hex(request.chunk_begin), hex(request.chunk_end)];
  let count = 0;
  for await (const { id, problem } of verifyObjects(state)) {
    if (id < begin || (end !== "" && id >= end)) continue;
    if (request.read_chunk_data === true && problem !== undefined) throw new Fault(status.DATA_LOSS, `object ${id} ${problem}`);
    count += 1;
  }
  return count;
}

function hex(bytes: Uint8Array | string | undefined): string {
  return typeof bytes === "string" ? Buffer.from(bytes, "base64").toString("hex") : Buffer.from(bytes ?? []).toString("hex");
}
