import type * as nodeHttp from "node:http";
import type { Agent, ClientRequest, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { createRequire } from "node:module";
import { StemmaError } from "../lineage/errors.ts";
import { type FileBody, sendFile } from "./send-file.ts";

/** One request over the network. */
export interface Exchange {
  readonly url: URL;
  readonly method: string;
  readonly headers: OutgoingHttpHeaders;
  readonly agent: Agent;
  readonly body: string | FileBody | undefined;
  /** For the whole of it; with a file, for each piece of that to leave or to come, and for the answer. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Takes the body of an answer that is no refusal, piece by piece, instead of its being kept. */
  readonly take?: TakePiece | undefined;
}

export type TakePiece = (piece: Uint8Array) => void | Promise<void>;

/** What came back, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** No answer came, or not all of one. */
export class NoAnswer extends Error {
  /** The system's error code, or one of the two below. */
  readonly reason: string;
  /** Whether there was a connection, so that the request may have taken effect. */
  readonly wasSent: boolean;

  constructor(reason: string, wasSent: boolean, cause?: unknown) {
    super(reason, { cause });
    this.reason = reason;
    this.wasSent = wasSent;
  }
}

export const TIMED_OUT = "timed out";
export const GIVEN_UP = "given up";

const require = createRequire(import.meta.url);

// An `import` of node:http loads all that it exports, a WebSocket too: 50 ms and 12 MiB more.
function protocolOf(url: URL): Pick<typeof nodeHttp, "Agent" | "request"> {
  return require(url.protocol === "https:" ? "node:https" : "node:http") as typeof nodeHttp;
}

/** Connections to one server, kept for the next request or closed after each, through the proxy that `proxyEnv` names. */
export function openAgent(url: URL, options: { keepAlive: boolean; proxyEnv: NodeJS.ProcessEnv | undefined }): Agent {
  const { Agent } = protocolOf(url);
  return new Agent(options);
}

/** Sends a request and reads the whole answer. Rejects with NoAnswer, or with what is wrong with the file to be sent. */
export async function exchange({ url, method, headers, agent, body, timeoutMs, signal, take }: Exchange): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = protocolOf(url).request(url, { method, headers, agent });
  const wasSent = watchConnection(request, url);
  const stop = (reason: string, cause?: unknown): void => reject(new NoAnswer(reason, wasSent(), cause));
  const fail = (error: NodeJS.ErrnoException): void =>
    error instanceof StemmaError ? reject(error) : stop(error.code ?? error.message, error);
  const giveUp = (): void => stop(GIVEN_UP, signal?.reason);
  const timer = setTimeout(stop, timeoutMs, TIMED_OUT);
  const takePiece =
    take &&
    ((piece: Uint8Array): void | Promise<void> => {
      timer.refresh();
      return take(piece);
    });
  signal?.addEventListener("abort", giveUp);
  if (signal?.aborted === true) giveUp();
  request.on("error", fail).on("response", (response) => void readAnswer(response, takePiece).then(resolve, fail));
  void sendBody(request, body, () => timer.refresh()).catch(fail);
  try {
    const answer = await promise;
    // A server may answer before it has taken all, to refuse it.
    if (!request.writableFinished) request.destroy();
    return answer;
  } catch (error) {
    request.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
  }
}

/** Tells whether there has been a connection yet. */
function watchConnection(request: ClientRequest, url: URL): () => boolean {
  let isConnected = false;
  request.on("socket", (socket) => {
    if (socket.connecting) socket.once(url.protocol === "https:" ? "secureConnect" : "connect", () => (isConnected = true));
    else isConnected = true;
  });
  return () => isConnected;
}

async function sendBody(request: ClientRequest, body: Exchange["body"], onProgress: () => void): Promise<void> {
  if (typeof body !== "object") {
    request.end(body);
    return;
  }
  const { onBytes } = body;
  await sendFile(request, {
    ...body,
    onBytes: (count) => {
      onProgress();
      onBytes?.(count);
    },
  });
}

/** A body that ends too early is an error of the stream: half an answer is none. */
async function readAnswer(response: IncomingMessage, take: TakePiece | undefined): Promise<Answer> {
  const status = response.statusCode ?? 0;
  const pieces: Buffer[] = [];
  for await (const piece of response as AsyncIterable<Buffer>) {
    if (take !== undefined && status >= 200 && status < 300) await take(piece);
    else pieces.push(piece);
  }
  return { status, headers: response.headers, body: Buffer.concat(pieces).toString() };
}
