import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { StemmaError } from "../../lineage/errors.ts";
import { type Access, type ListenAddress, formatListenAddress, parseListenAddress, requireProtection } from "../access.ts";
import { type Translate, translator } from "../rpc.ts";
import type { EngineState } from "../state.ts";
import { authorize } from "./authorize.ts";
import { S3Error, toS3Error } from "./errors.ts";
import { payload } from "./payload.ts";
import { type S3Answer, header, parseTarget } from "./request.ts";
import { route } from "./routes.ts";
import { toXml } from "./xml.ts";

export interface S3Options {
  readonly state: EngineState;
  /** HOST:PORT; port 0 takes a free one. */
  readonly listen: string;
  readonly access: Access;
  readonly log: (line: string) => void;
}

export interface RunningS3 {
  /** HOST:PORT as it is. */
  readonly address: string;
  close(): Promise<void>;
}

/** Starts the S3 gateway: branches as buckets, files as objects. Throws USAGE when the address cannot be listened on. */
export async function startS3({ state, listen, access, log }: S3Options): Promise<RunningS3> {
  const { host, port } = parseListenAddress(listen);
  requireProtection(host, access);
  const server = access.tls === undefined ? createServer() : createTlsServer(access.tls);
  // A large object takes as long as it takes; Node's limit is for whole requests.
  server.requestTimeout = 0;
  const translate = translator(log);
  const onRequest = (message: IncomingMessage, response: ServerResponse): void =>
    void serve({ state, access, translate, log }, message, response);
  server.on("request", onRequest);
  server.on("checkContinue", onRequest);
  await bind(server, { host, port });
  const address = formatListenAddress({ host, port: (server.address() as AddressInfo).port });
  log(`S3 gateway at ${access.tls === undefined ? "http" : "https"}://${address}`);
  return {
    address,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function bind(server: Server, address: ListenAddress): Promise<void> {
  try {
    await once(server.listen(address), "listening");
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
    const why = isTaken ? "the port is taken" : "this machine has no such address";
    throw new StemmaError("USAGE", `the S3 gateway cannot listen on ${formatListenAddress(address)}: ${why}.`, {
      hint: "Give another with --s3-listen.",
      cause: error,
    });
  }
}

interface Gateway {
  readonly state: EngineState;
  readonly access: Access;
  readonly translate: Translate;
  readonly log: (line: string) => void;
}

/** Answers one request. Never rejects: what goes wrong is answered too, or the client is gone. */
async function serve(gateway: Gateway, message: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader("x-amz-request-id", randomBytes(8).toString("hex").toUpperCase());
  try {
    await send(response, await answer(gateway, message, response));
  } catch (error) {
    // The rest of a body that nobody wants is read, so that the client, which may not listen before it has sent all, sees why.
    message.resume();
    if (isClientGone(error)) return;
    const refusal = toS3Error(error, gateway.translate);
    if (response.headersSent) {
      gateway.log(`an S3 answer was cut short: ${refusal.message}`);
      response.destroy();
    } else {
      await send(response, describe(refusal, message, String(response.getHeader("x-amz-request-id"))));
    }
  }
}

/** Node's codes for a connection that broke off while a request was read, or its answer was written. */
function isClientGone(error: unknown): boolean {
  return ["ECONNRESET", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE"].includes((error as NodeJS.ErrnoException).code ?? "");
}

async function answer({ state, access }: Gateway, message: IncomingMessage, response: ServerResponse): Promise<S3Answer> {
  const { method = "", headers } = message;
  const target = parseTarget(message.url ?? "/");
  const signer = authorize(access, { ...target, method, headers }, Date.now());
  refuseWebPages(message);
  const handle = route(method, target);
  const body = payload(headers, bodyOf(message, response), signer);
  return handle(state, { ...target, method, headers, body });
}

/** A page in this machine's browser, of whatever site, can send a POST here; no S3 client says that it comes from a page. */
function refuseWebPages({ method = "", headers }: IncomingMessage): void {
  if (headers.origin === undefined || ["GET", "HEAD"].includes(method)) return;
  throw new S3Error("AccessDenied", "web pages may not change what is here");
}

/** Tells a client that waits for it to go on, once somebody wants its body. */
async function* bodyOf(message: IncomingMessage, response: ServerResponse): AsyncGenerator<Uint8Array> {
  if (header(message.headers, "expect")?.toLowerCase() === "100-continue") response.writeContinue();
  // A body that is given up must not take its connection with it, which the answer needs.
  yield* message.iterator({ destroyOnReturn: false });
}

async function send(response: ServerResponse, { status, headers = {}, body }: S3Answer): Promise<void> {
  if (body !== undefined && typeof body !== "string") {
    response.writeHead(status, headers);
    await pipeline(Readable.from(body), response);
    return;
  }
  const isDocument = body !== undefined;
  const about = isDocument ? { "Content-Type": "application/xml", "Content-Length": Buffer.byteLength(body) } : {};
  response.writeHead(status, { ...about, ...headers });
  response.end(body);
}

function describe(refusal: S3Error, message: IncomingMessage, requestId: string): S3Answer {
  const [path = "/"] = (message.url ?? "/").split("?");
  const body = toXml("Error", { Code: refusal.code, Message: refusal.message, Resource: path, RequestId: requestId }, "none");
  return { status: refusal.status, headers: refusal.headers, body };
}
