import { type ClientHttp2Session, type IncomingHttpHeaders, connect } from "node:http2";
import protobuf from "protobufjs/minimal.js";
import { StemmaError } from "../lineage/errors.ts";

const PATH = "/pachyderm.worker.Worker/NextDatum";
/** Of a gRPC message: whether it is compressed, and its length. */
const PREFIX_BYTES = 5;

/**
 * Tells the worker on this machine how it went with the datum before (empty: well), waits until the next one is in /pfs, and answers
 * its variables as `NAME=value`. Programs ask for each datum anew, and a gRPC library loads longer than all else takes: so this call is
 * made of HTTP/2. Rejects with FAILED and the worker's words, and with UNREACHABLE.
 */
export async function nextDatum(port: number, error: string, signal?: AbortSignal): Promise<readonly string[]> {
  const address = `127.0.0.1:${port}`;
  const session = connect(`http://${address}`);
  try {
    const { body, trailers } = await call(session, encode(error), signal);
    const status = trailers["grpc-status"];
    if (status !== "0") throw new StemmaError("FAILED", refusal(trailers));
    return decode(body);
  } catch (cause) {
    if (cause instanceof StemmaError) throw cause;
    signal?.throwIfAborted();
    throw new StemmaError("UNREACHABLE", `the worker at ${address} can't be reached (${(cause as Error).message}).`, { cause });
  } finally {
    session.destroy();
  }
}

interface Answer {
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders;
}

function call(session: ClientHttp2Session, message: Uint8Array, signal: AbortSignal | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    session.once("error", reject);
    const headers = { ":method": "POST", ":path": PATH, "content-type": "application/grpc", te: "trailers" };
    const stream = session.request(headers, signal === undefined ? {} : { signal });
    const chunks: Buffer[] = [];
    let trailers: IncomingHttpHeaders = {};
    stream
      // A refusal can come in the headers alone.
      .on("response", (found) => (trailers = found))
      .on("trailers", (found) => (trailers = found))
      .on("data", (chunk: Buffer) => chunks.push(chunk))
      .on("error", reject)
      .on("end", () => resolve({ body: Buffer.concat(chunks), trailers }))
      .on("close", () => reject(new Error("it ended the call")));
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([prefix, message]));
  });
}

function refusal(trailers: IncomingHttpHeaders): string {
  const message = trailers["grpc-message"];
  return typeof message === "string" && message !== "" ? decodeURIComponent(message) : "the worker refused without a reason.";
}

/** NextDatumRequest: the text is its field 1. */
function encode(error: string): Uint8Array {
  return protobuf.Writer.create().uint32(10).string(error).finish();
}

/** NextDatumResponse: each text is a field 1. */
function decode(body: Buffer): readonly string[] {
  const reader = protobuf.Reader.create(body.subarray(PREFIX_BYTES));
  const lines: string[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 10) lines.push(reader.string());
    else reader.skipType(tag & 7);
  }
  return lines;
}
