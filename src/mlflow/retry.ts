import { type Answer, type NoAnswer, TIMED_OUT } from "./exchange.ts";
import { GATEWAY_STATUSES } from "./errors.ts";

/** When a failed call is tried again: also after its answer was lost, only if it had no effect, or not at all. */
export type Repeat = "always" | "if-unsent" | "never";

/** Waits before the second, third and fourth try. */
const BACKOFF_MS = [200, 700, 2000];
/** Many of the server's own failures are for good. */
const TRIES_OF_A_FAILURE = 2;
const LONGEST_WAIT_MS = 10_000;

const REFUSED_BY_THE_NETWORK = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);
/** Also what Node calls "socket hang up" and a body that ends in the middle. */
const CONNECTION_LOST = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);

/** How long to wait before a call without an answer is tried again after so many tries, or undefined: no more. */
export function waitAfterSilence({ reason, wasSent }: NoAnswer, repeat: Repeat, tries: number): number | undefined {
  if (repeat === "never" || reason === TIMED_OUT) return undefined;
  const isWorthIt = REFUSED_BY_THE_NETWORK.has(reason) || CONNECTION_LOST.has(reason);
  return isWorthIt && (repeat === "always" || !wasSent) ? BACKOFF_MS[tries - 1] : undefined;
}

/** The same after an answer that is not 2xx. A server that asks for a while is given it, within limits. */
export function waitAfterRefusal(
  { status, headers, body }: Answer,
  repeat: Repeat,
  tries: number,
  now: Date,
): number | undefined {
  const backoff = BACKOFF_MS[tries - 1];
  if (backoff === undefined || !isWorthRepeating(status, body, repeat, tries)) return undefined;
  return Math.max(backoff, Math.min(parseRetryAfter(headers["retry-after"], now), LONGEST_WAIT_MS));
}

function isWorthRepeating(status: number, body: string, repeat: Repeat, tries: number): boolean {
  if (status === 429) return repeat !== "never";
  if (repeat !== "always") return false;
  if (status === 500) return tries <= TRIES_OF_A_FAILURE && !body.includes('"INVALID_STATE"');
  return status === 408 || GATEWAY_STATUSES.includes(status);
}

/** In milliseconds: the header holds seconds or a date. */
function parseRetryAfter(text: string | undefined, now: Date): number {
  if (text === undefined) return 0;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now.getTime();
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
