// A gRPC server whose handlers take or send as many messages as they are asked to, and do nothing else: the lower bound of
// bench/engine.ts. Started with an IPC channel, on which it gets the messages to send and says its port.
import { Server, ServerCredentials, type ServerWritableStream } from "@grpc/grpc-js";
import { once } from "node:events";
import { CHUNK_BYTES, MAX_MESSAGE_BYTES, loadProtocol } from "../src/pachyderm/protocol.ts";

/** One message of each kind, as the engine sent it. */
export interface Samples {
  readonly file: object;
  readonly commit: object;
}

let samples: Samples = { file: {}, commit: {} };
process.on("message", (message) => {
  samples = message as Samples;
  process.send?.("ready");
});

async function repeat(call: ServerWritableStream<unknown, unknown>, message: object, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 1) if (!call.write(message)) await once(call, "drain");
  call.end();
}

const server = new Server({
  "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
});
const piece = { value: Buffer.alloc(CHUNK_BYTES, 1) };
server.addService(loadProtocol().pfs_v2.API.service, {
  ModifyFile: (call: AsyncIterable<unknown>, answer: (error: null, reply: object) => void) =>
    void Array.fromAsync(call, () => 0).then(() => answer(null, {})),
  FinishCommit: (_call: unknown, answer: (error: null, reply: object) => void) => answer(null, {}),
  GetFile: (call: ServerWritableStream<{ offset: string }, unknown>) =>
    void repeat(call, piece, Number(call.request.offset) / CHUNK_BYTES),
  ListFile: (call: ServerWritableStream<{ number: string }, unknown>) =>
    void repeat(call, samples.file, Number(call.request.number)),
  ListCommit: (call: ServerWritableStream<{ number: string }, unknown>) =>
    void repeat(call, samples.commit, Number(call.request.number)),
});
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.send?.(port);
});
process.on("disconnect", () => process.exit(0));
