import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, request as sendRequest } from "node:http";
import { buffer } from "node:stream/consumers";

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
}

/** A request that has come in whole, and what can be done with it. */
export class Exchange {
  readonly method: string;
  readonly path: string;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #body: Buffer;
  readonly #target: string;

  /** Undefined when the client went away before it had said all. */
  static async receive(request: IncomingMessage, response: ServerResponse, target: string): Promise<Exchange | undefined> {
    try {
      return new Exchange(request, response, target, await buffer(request));
    } catch {
      return undefined;
    }
  }

  private constructor(request: IncomingMessage, response: ServerResponse, target: string, body: Buffer) {
    this.method = request.method ?? "";
    this.path = request.url ?? "";
    this.#request = request;
    this.#response = response;
    this.#target = target;
    this.#body = body;
  }

  /** Hands the request to the server, whether or not the client still waits. A server that is gone is a 502, as a gateway says it. */
  async forward(): Promise<Answer> {
    const type = this.#request.headers["content-type"];
    const upstream = sendRequest(new URL(this.path, this.#target), {
      method: this.method,
      agent: false,
      headers: { "content-length": this.#body.length, ...(type === undefined ? {} : { "content-type": type }) },
    });
    try {
      upstream.end(this.#body);
      const [answer] = (await once(upstream, "response")) as [IncomingMessage];
      return { status: answer.statusCode ?? 502, type: answer.headers["content-type"] ?? "", body: await buffer(answer) };
    } catch {
      return { status: 502, type: "text/plain", body: Buffer.from("Bad Gateway") };
    }
  }

  answer({ status, type, body }: Answer): void {
    this.#response.writeHead(status, { "content-type": type, "content-length": body.length, connection: "close" }).end(body);
  }

  /** The head and the first half of the body, then nothing more. */
  answerHalf({ status, type, body }: Answer): void {
    this.#response.writeHead(status, { "content-type": type, "content-length": Math.max(1, body.length), connection: "close" });
    this.#response.write(body.subarray(0, body.length / 2), () => this.hangUp());
  }

  refuse(status: number): void {
    this.answer({ status, type: "text/html", body: Buffer.from(`<html>${status}</html>`) });
  }

  hangUp(): void {
    this.#request.socket.resetAndDestroy();
  }
}
