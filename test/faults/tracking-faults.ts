import { setTimeout as pause } from "node:timers/promises";
import type { Exchange } from "./tracking-exchange.ts";
import type { Random } from "./random.ts";

/** What a fault may depend on. */
export interface FaultSetting {
  /** So long the client waits for an answer. */
  readonly timeoutMs: number;
  readonly random: Random;
}

const REFUSALS = [500, 502, 503, 429];

/** What can happen to a request on its way to MLflow and back. */
export const FAULTS = {
  pass: async (exchange) => exchange.answer(await exchange.forward()),
  "reset before it arrives": async (exchange) => exchange.hangUp(),
  "swallow it": async () => undefined,
  "refuse with a 5xx or 429": async (exchange, { random }) => exchange.refuse(random.pick(REFUSALS)),
  "lose the answer": async (exchange) => {
    await exchange.forward();
    exchange.hangUp();
  },
  "cut the answer in the middle": async (exchange) => exchange.answerHalf(await exchange.forward()),
  "say 502 though it took effect": async (exchange) => {
    await exchange.forward();
    exchange.refuse(502);
  },
  "answer after the time-out": async (exchange, { timeoutMs }) => {
    const answer = await exchange.forward();
    await pause(1.2 * timeoutMs);
    exchange.answer(answer);
  },
  "deliver after the time-out": async (exchange, { timeoutMs, random }) => {
    await pause((1.05 + random.below(450) / 1000) * timeoutMs);
    exchange.answer(await exchange.forward());
  },
  "deliver twice": async (exchange) => {
    const [answer] = await Promise.all([exchange.forward(), exchange.forward()]);
    exchange.answer(answer);
  },
} satisfies Record<string, (exchange: Exchange, setting: FaultSetting) => Promise<void>>;

export type Fault = keyof typeof FAULTS;

export const FAULT_NAMES = Object.keys(FAULTS).filter((name) => name !== "pass") as readonly Fault[];

/** Every fault as likely as any other, `share` of all requests in total. */
export function drawFault(random: Random, share: number): Fault {
  return random.chance(share) ? random.pick(FAULT_NAMES) : "pass";
}
