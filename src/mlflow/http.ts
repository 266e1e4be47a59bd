import type { Agent, OutgoingHttpHeaders } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { StemmaError } from "../lineage/errors.ts";
import { type MlflowAddress, isLoopback } from "./address.ts";
import { isUnknownCall, toAnswerError } from "./errors.ts";
import { type Answer, GIVEN_UP, NoAnswer, TIMED_OUT, type TakePiece, exchange, openAgent } from "./exchange.ts";
import { Fields } from "./fields.ts";
import { type Repeat, waitAfterRefusal, waitAfterSilence } from "./retry.ts";
import type { FileBody } from "./send-file.ts";

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  /** A file to be sent as the body instead. */
  readonly file?: FileBody;
  /** Where it goes instead of to the server. Our credentials do not go there. */
  readonly elsewhere?: { readonly url: string; readonly headers: Readonly<Record<string, string>> };
  readonly repeat: Repeat;
  /** Whether it would do harm if it took effect after it was given up: its loss is a doubt. */
  readonly isDelicate?: boolean;
  /** What a server lacks that does not know the call. */
  readonly feature?: string;
  readonly timeoutMs?: number;
  /** Takes the answer's body in pieces. Such a call must not be repeated. */
  readonly take?: TakePiece;
}

export interface HttpOptions {
  readonly timeoutMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal | undefined;
}

/** Carries calls to one server. Every failure is a StemmaError. */
export class MlflowHttp {
  readonly #address: MlflowAddress;
  readonly #options: HttpOptions;
  readonly #fresh: Agent;
  readonly #kept: Agent;
  #doubts = 0;

  constructor(address: MlflowAddress, options: HttpOptions) {
    this.#address = address;
    this.#options = options;
    const url = new URL(address.uri);
    const proxyEnv = this.#proxyFor(url);
    this.#fresh = openAgent(url, { keepAlive: false, proxyEnv });
    this.#kept = openAgent(url, { keepAlive: true, proxyEnv });
  }

  /** How many delicate calls were sent of which nobody knows whether they took, or will take, effect. It only grows. */
  get doubts(): number {
    return this.#doubts;
  }

  /** The JSON object of the answer. */
  json(call: Call): Promise<Fields> {
    return this.#call(call, (answer) => Fields.of(this.#parse(answer, call), `${this.#address.uri} answers ${call.path}`));
  }

  text(call: Call): Promise<string> {
    return this.#call(call, ({ body }) => body);
  }

  /** Hands out the answer's body as it comes. A connection that is lost on the way is an error. */
  async read(call: Pick<Call, "path" | "timeoutMs">, take: TakePiece): Promise<void> {
    await this.#call({ ...call, method: "GET", repeat: "never", take }, () => undefined);
  }

  /** Sends a piece of a file to an address that the server gave, and answers its tag. */
  putElsewhere(call: Required<Pick<Call, "elsewhere" | "file" | "path">>): Promise<string> {
    return this.#call({ method: "PUT", repeat: "always", ...call }, ({ headers }) => headers.etag ?? "");
  }

  async #call<Result>(call: Call, read: (answer: Answer) => Result): Promise<Result> {
    for (let tries = 1; ; tries++) {
      const outcome = await this.#try(call, read, tries);
      if ("result" in outcome) return outcome.result;
      if (outcome.waitMs === undefined) throw outcome.error;
      await this.#pause(outcome.waitMs, call);
    }
  }

  async #try<Result>(call: Call, read: (answer: Answer) => Result, tries: number): Promise<Outcome<Result>> {
    try {
      const answer = await this.#send(call);
      if (answer.status < 200 || answer.status >= 300) return this.#refused(answer, call, tries);
      return { result: read(answer) };
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      if (error.wasSent && call.isDelicate === true) this.#doubts++;
      return { error: this.#silence(error, call), waitMs: waitAfterSilence(error, call.repeat, tries) };
    }
  }

  #send(call: Call): Promise<Answer> {
    const { method, file, timeoutMs = this.#options.timeoutMs } = call;
    const { signal } = this.#options;
    if (call.elsewhere !== undefined) {
      const url = new URL(call.elsewhere.url);
      const agent = openAgent(url, { keepAlive: false, proxyEnv: this.#proxyFor(url) });
      const headers = { ...call.elsewhere.headers, "Content-Length": file?.sizeBytes ?? 0 };
      return exchange({ url, method, headers, agent, body: file, timeoutMs, signal });
    }
    const text = call.body === undefined ? undefined : JSON.stringify(call.body);
    const agent = this.#agentFor(call);
    return exchange({
      url: this.#urlOf(call),
      method,
      headers: this.#headers(text, file),
      agent,
      body: file ?? text,
      timeoutMs,
      signal,
      take: call.take,
    });
  }

  #urlOf({ path, query = {} }: Call): URL {
    const url = new URL(`${this.#address.uri}${path}`);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
    return url;
  }

  /** There is no proxy on the way to this machine. */
  #proxyFor(url: URL): NodeJS.ProcessEnv | undefined {
    return isLoopback(url) ? undefined : { ...this.#options.env };
  }

  #headers(text: string | undefined, file: FileBody | undefined): OutgoingHttpHeaders {
    const { authorization } = this.#address;
    return {
      ...(authorization === undefined ? {} : { Authorization: authorization }),
      ...(text === undefined ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) }),
      ...(file === undefined ? {} : { "Content-Type": "application/octet-stream", "Content-Length": file.sizeBytes }),
    };
  }

  /**
   * MLflow's server sends JSON some 40 ms late over a loopback connection that was kept. And a server may close a kept
   * connection just when the next request is sent, so a call that must not be sent twice gets a fresh one.
   */
  #agentFor({ repeat, file }: Call): Agent {
    const isFresh = repeat !== "always" || (this.#address.isLoopback && file === undefined);
    return isFresh ? this.#fresh : this.#kept;
  }

  #refused(answer: Answer, { repeat, isDelicate, feature }: Call, tries: number): Failure {
    const { uri } = this.#address;
    const { status, body } = answer;
    if (feature !== undefined && isUnknownCall(answer))
      return { error: new StemmaError("UNSUPPORTED", `MLflow at ${uri} has no ${feature}.`), waitMs: undefined };
    if (isDelicate === true && (status >= 500 || status === 408)) this.#doubts++;
    return { error: toAnswerError({ uri, status, body }), waitMs: waitAfterRefusal(answer, repeat, tries, new Date()) };
  }

  #parse({ body }: Answer, { path }: Call): unknown {
    try {
      return JSON.parse(body);
    } catch (cause) {
      // Without a length, a body that was cut off looks like a whole one.
      if (/^\s*\{/.test(body)) throw new NoAnswer("ECONNRESET", true, cause);
      throw new StemmaError("FAILED", `${this.#address.uri} answers ${path} with something else than JSON.`, {
        hint: "Is that the address of an MLflow server?",
        cause,
      });
    }
  }

  #silence(cause: NoAnswer, { path }: Call): StemmaError {
    const { uri } = this.#address;
    const { reason } = cause;
    if (reason === GIVEN_UP) return givenUp(uri, path, cause);
    const hint = 'Is it running? "stemma status" shows it, "stemma up" starts one.';
    const text = reason === TIMED_OUT ? `gave no answer to ${path} in time` : `cannot be reached: ${REASONS[reason] ?? reason}`;
    return new StemmaError("UNREACHABLE", `MLflow at ${uri} ${text}.`, { hint, cause });
  }

  async #pause(waitMs: number, { path }: Call): Promise<void> {
    const { signal } = this.#options;
    try {
      await pause(waitMs, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      if ((error as Error).name === "AbortError") throw givenUp(this.#address.uri, path, error);
      throw error;
    }
  }
}

interface Failure {
  readonly error: StemmaError;
  /** How long to wait before the next try, if there is to be one. */
  readonly waitMs: number | undefined;
}

type Outcome<Result> = { readonly result: Result } | Failure;

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection lost",
  EPIPE: "connection lost",
  ECONNABORTED: "connection lost",
};

function givenUp(uri: string, path: string, cause: unknown): StemmaError {
  return new StemmaError("UNREACHABLE", `the call of ${path} at MLflow at ${uri} was given up.`, { cause });
}
