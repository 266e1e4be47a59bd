import { fileURLToPath } from "node:url";
import { loadPackageDefinition } from "@grpc/grpc-js";
import { type Options, loadSync } from "@grpc/proto-loader";
import protobuf from "protobufjs";
import type { ProtoGrpcType } from "./generated/services.ts";

/** Pachyderm's limit for one message, both ways, both sides. */
export const MAX_MESSAGE_BYTES = 20 * 1024 * 1024;

/** File bytes in one streamed message. pachd itself sends up to 19 MiB; smaller pieces keep memory flat. */
export const CHUNK_BYTES = 2 * 1024 * 1024;

const PROTO_FOLDER = fileURLToPath(new URL("proto/", import.meta.url));

/** How messages look in JavaScript. `npm run generate` makes the types with the same options. */
const OPTIONS: Options = {
  keepCase: true,
  longs: String,
  enums: String,
  oneofs: true,
  includeDirs: [PROTO_FOLDER],
};

let protocol: ProtoGrpcType | undefined;

/** Pachyderm's services, ready for a client or a server. Unset fields stay unset. */
export function loadProtocol(): ProtoGrpcType {
  protocol ??= loadPackageDefinition(loadSync("services.proto", OPTIONS)) as unknown as ProtoGrpcType;
  return protocol;
}

let types: protobuf.Root | undefined;

/** The types of the messages, for code that goes by their fields' names: `lookupType("pps_v2.CreatePipelineRequest")`. */
export function loadTypes(): protobuf.Root {
  return (types ??= readTypes());
}

function readTypes(): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_importer, file) => PROTO_FOLDER + file;
  root.loadSync("services.proto", { keepCase: true }).resolveAll();
  return root;
}
