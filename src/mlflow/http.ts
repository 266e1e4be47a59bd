import { createReadStream } from "node:fs";
import { Agent } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { type AxiosInstance, type AxiosResponse, create as createAxios, isAxiosError } from "axios";
import { StemmaError } from "../lineage/errors.ts";
import type { MlflowAddress } from "./address.ts";
import { GATEWAY_STATUSES, toAnswerError } from "./errors.ts";

export interface Call {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  /** A file to be sent as the body instead. */
  readonly file?: { readonly path: string; readonly sizeBytes: number };
  /** When a failed call is tried again: also after its answer was lost, only if it never left, or not at all. */
  readonly repeat: "always" | "if-unsent" | "never";
  readonly timeoutMs?: number;
}

/** Waits before the second, third and fourth try. */
const BACKOFF_MS = [200, 700, 2000];

/** The request never left, so that any call may be repeated. */
const NOT_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);
const CONNECTION_LOST = new Set(["ECONNRESET", "EPIPE"]);
const UNREADABLE = new Set(["ENOENT", "EACCES", "EISDIR", "EIO"]);
const TIMED_OUT = new Set(["ECONNABORTED", "ETIMEDOUT"]);

/** Carries calls to one server. Every failure is a StemmaError. */
export class MlflowHttp {
  readonly #address: MlflowAddress;
  readonly #axios: AxiosInstance;

  constructor(address: MlflowAddress, timeoutMs: number) {
    this.#address = address;
    this.#axios = createAxios({
      baseURL: address.uri,
      timeout: timeoutMs,
      // No redirect is followed: it could carry the credentials elsewhere, and it would hold whole uploads in memory.
      maxRedirects: 0,
      responseType: "text",
      transformResponse: (text: unknown) => text,
      validateStatus: () => true,
      headers: address.authorization === undefined ? {} : { Authorization: address.authorization },
      // MLflow's server answers some 40 ms late on a loopback connection that is kept alive. And no proxy is on the way there.
      ...(address.isLoopback ? { httpAgent: new Agent({ keepAlive: false }), proxy: false as const } : {}),
    });
  }

  /** The answer's JSON, as the caller knows it to be. */
  async json<Answer>(call: Call): Promise<Answer> {
    const text = await this.text(call);
    try {
      return JSON.parse(text) as Answer;
    } catch (cause) {
      throw new StemmaError("FAILED", `${this.#address.uri} answers ${call.path} with something else than JSON.`, {
        hint: "Is that the address of an MLflow server?",
        cause,
      });
    }
  }

  async text(call: Call): Promise<string> {
    for (const waitMs of BACKOFF_MS) {
      const outcome = await this.#try(call);
      if (outcome.text !== undefined) return outcome.text;
      if (!outcome.isWorthRepeating) throw outcome.error;
      await pause(waitMs);
    }
    const outcome = await this.#try(call);
    if (outcome.text !== undefined) return outcome.text;
    throw outcome.error;
  }

  async #try(call: Call): Promise<Outcome> {
    let answer: AxiosResponse<string>;
    try {
      answer = await this.#send(call);
    } catch (error) {
      return this.#noAnswer(error, call);
    }
    if (answer.status >= 200 && answer.status < 300) return { text: answer.data };
    const isWorthRepeating = call.repeat === "always" && GATEWAY_STATUSES.includes(answer.status);
    return { error: toAnswerError({ uri: this.#address.uri, status: answer.status, body: answer.data }), isWorthRepeating };
  }

  #send({ method, path, query, body, file, timeoutMs }: Call): Promise<AxiosResponse<string>> {
    const headers =
      file === undefined ? {} : { "Content-Type": "application/octet-stream", "Content-Length": String(file.sizeBytes) };
    return this.#axios.request<string>({
      method,
      url: path,
      params: query,
      data: file === undefined ? body : createReadStream(file.path),
      headers,
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    });
  }

  #noAnswer(error: unknown, { repeat, path, file }: Call): Outcome {
    if (!isAxiosError(error)) throw error;
    const code = error.code ?? "";
    const { uri } = this.#address;
    if (file !== undefined && UNREADABLE.has(code))
      throw new StemmaError("FAILED", `cannot read ${file.path}: ${code}`, { cause: error });
    if (TIMED_OUT.has(code))
      return { error: unreachable(`MLflow at ${uri} gave no answer to ${path} in time.`, error), isWorthRepeating: false };
    const reason = code === "ECONNREFUSED" ? "connection refused" : code || error.message;
    const isWorthRepeating = (repeat !== "never" && NOT_SENT.has(code)) || (repeat === "always" && CONNECTION_LOST.has(code));
    return { error: unreachable(`MLflow at ${uri} cannot be reached: ${reason}.`, error), isWorthRepeating };
  }
}

type Outcome =
  | { readonly text: string }
  | { readonly text?: never; readonly error: StemmaError; readonly isWorthRepeating: boolean };

function unreachable(message: string, cause: unknown): StemmaError {
  return new StemmaError("UNREACHABLE", message, {
    hint: 'Is it running? "stemma status" shows it, "stemma up" starts one.',
    cause,
  });
}
