import { once } from "node:events";
import { type CallOptions, Client, type ClientWritableStream, Metadata, type ServiceError } from "@grpc/grpc-js";
import { StemmaError } from "../lineage/errors.ts";
import { parseAddress } from "./address.ts";
import { toStemmaError } from "./call-errors.ts";
import { channelTo } from "./channel.ts";
import { ReplyStream } from "./stream.ts";

export interface ConnectionOptions {
  readonly address: string;
  /** Sent with each call where the server has authentication on. */
  readonly token?: string | undefined;
  /** PEM of the authorities to trust in TLS; without it, those that Node trusts ($NODE_EXTRA_CA_CERTS adds some). */
  readonly ca?: Buffer | undefined;
  /** How long a call that answers once may take, unless it waits for something. */
  readonly deadlineMs?: number | undefined;
}

/** A method of a service as a caller sees it: proto-loader's definitions fit. */
export interface Method<Request, Reply> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Reply;
}

const DEFAULT_DEADLINE_MS = 60_000;

/** One channel to a server, used by all its services. Every failure of a call is a StemmaError. */
export class Connection {
  readonly address: string;
  readonly #client: Client;
  readonly #metadata = new Metadata();
  readonly #deadlineMs: number;

  constructor(options: ConnectionOptions) {
    if (options.token !== undefined) this.#metadata.set("authn-token", checkToken(options.token));
    const endpoint = parseAddress(options.address);
    const channel = channelTo(endpoint, options.ca);
    this.address = options.address;
    this.#client = new Client(endpoint.target, channel.credentials, channel.options);
    this.#deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
  }

  close(): void {
    this.#client.close();
  }

  /** One message out, one back. With `wait`, for as long as it takes. */
  call<Request, Reply>(
    method: Method<Request, Reply>,
    request: Request,
    options: { wait?: boolean | undefined } = {},
  ): Promise<Reply> {
    const { path, requestSerialize, responseDeserialize } = method;
    const callOptions: CallOptions = options.wait === true ? {} : { deadline: Date.now() + this.#deadlineMs };
    return new Promise((resolve, reject) => {
      const done = this.#settle(resolve, reject);
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, this.#metadata, callOptions, done);
    });
  }

  /**
   * One message out, many back, each as `convert` makes it; what it makes `undefined` is left out. The call begins with
   * the first one asked for, and is cancelled when the reader stops early.
   */
  receive<Request, Reply, Item>(
    method: Method<Request, Reply>,
    request: Request,
    convert: (reply: Reply) => Item | undefined,
  ): AsyncIterable<Item> {
    const { path, requestSerialize, responseDeserialize } = method;
    const begin = () =>
      this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, this.#metadata);
    const toError = (error: ServiceError) => toStemmaError(error, this.address);
    return { [Symbol.asyncIterator]: () => new ReplyStream({ begin, convert, toError }) };
  }

  /**
   * Many messages out, never faster than the server takes them, and one back. When `requests` breaks off, `spoiler` is sent,
   * which the server must refuse: grpc-js ends a stream before it cancels it, and half would be taken for the whole.
   */
  send<Request, Reply>(method: Method<Request, Reply>, requests: AsyncIterable<Request>, spoiler: Request): Promise<Reply> {
    const { path, requestSerialize, responseDeserialize } = method;
    return new Promise((resolve, reject) => {
      const answered = new AbortController();
      let brokeOff: Error | undefined;
      const done = this.#settle(resolve, reject);
      const call = this.#client.makeClientStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        this.#metadata,
        (error, reply) => {
          answered.abort();
          if (brokeOff === undefined) done(error, reply);
          else reject(brokeOff);
        },
      );
      pump(call, requests, answered.signal).catch((error: unknown) => {
        if (answered.signal.aborted) return;
        brokeOff = error instanceof Error ? error : new Error(String(error));
        call.write(spoiler);
        call.end();
      });
    });
  }

  #settle<Reply>(resolve: (reply: Reply) => void, reject: (error: Error) => void) {
    return (error: ServiceError | null, reply?: Reply): void => {
      if (error !== null) reject(toStemmaError(error, this.address));
      else if (reply === undefined) reject(new Error("gRPC gave neither an error nor a reply"));
      else resolve(reply);
    };
  }
}

/** gRPC would refuse other texts as a header, and show them. */
function checkToken(token: string): string {
  if (/^[!-~]+$/.test(token)) return token;
  throw new StemmaError("USAGE", "the token for Pachyderm is not one word of printable ASCII.", {
    hint: "Set PACH_TOKEN to the token as it is.",
  });
}

/** Writes until all is sent. The server may answer before it has heard everything: the rest is then neither read nor sent. */
async function pump<Request>(
  call: ClientWritableStream<Request>,
  requests: AsyncIterable<Request>,
  answered: AbortSignal,
): Promise<void> {
  for await (const request of requests) {
    answered.throwIfAborted();
    if (!call.write(request)) await once(call, "drain", { signal: answered });
  }
  call.end();
}
