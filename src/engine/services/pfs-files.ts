import type { APIHandlers } from "../../pachyderm/generated/pfs_v2/API.ts";
import { diffFile, globFile, inspectFile, listFile, walkFile } from "./list-file.ts";
import { modifyFile } from "./modify-file.ts";
import { EMPTY, type Parts } from "./parts.ts";
import { egress, getFile, getFileTar } from "./read-file.ts";

/** Files. */
export function fileHandlers({ state, rpc, urls }: Parts): Partial<APIHandlers> {
  return {
    ModifyFile: rpc.collect(async (messages) => {
      await modifyFile(state, urls, messages);
      return EMPTY;
    }),
    GetFile: rpc.pieces((request) => getFile(state, urls, request)),
    GetFileTAR: rpc.pieces((request) => getFileTar(state, urls, request)),
    InspectFile: rpc.unary((request) => inspectFile(state, request)),
    ListFile: rpc.stream((request) => listFile(state, request)),
    WalkFile: rpc.stream((request) => walkFile(state, request)),
    GlobFile: rpc.stream((request) => globFile(state, request)),
    DiffFile: rpc.stream((request) => diffFile(state, request)),
    Egress: rpc.unary((request) => egress(state, urls, request)),
  };
}
