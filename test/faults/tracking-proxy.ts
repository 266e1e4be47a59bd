import { once } from "node:events";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Random } from "./random.ts";
import { Exchange } from "./tracking-exchange.ts";
import { FAULTS, type Fault, type FaultSetting } from "./tracking-faults.ts";

/** Decides what happens to a request. */
export type Schedule = (request: Pick<Exchange, "method" | "path">) => Fault;

export const AWAY = "refuse connections" as const;

const PASS: Schedule = () => "pass";

/** A network that fails by a schedule, between MLflow's clients and a real server. */
export class TrackingProxy {
  /** How often each fault was dealt out, and how often nobody listened. */
  readonly dealt = new Map<Fault | typeof AWAY, number>();
  /** A line for each request, for the eyes of who looks for a fault. */
  readonly log: string[] = [];
  schedule: Schedule;
  readonly #target: string;
  readonly #setting: FaultSetting;
  readonly #underWay = new Set<Promise<void>>();
  #server: Server | undefined;
  #port = 0;

  constructor(target: string, setting: FaultSetting, schedule: Schedule = PASS) {
    this.#target = target;
    this.#setting = setting;
    this.schedule = schedule;
  }

  get uri(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Begins to listen; after `close`, on the same port. */
  async open(): Promise<this> {
    const server = createServer((request, response) => this.#receive(request, response));
    this.#server = server;
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    return this;
  }

  /** Ends all connections, and refuses new ones. What was held back is still delivered. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** Connections are refused while something is done to the server. */
  async away(act: () => Promise<void>): Promise<void> {
    this.#deal(AWAY, "");
    await this.close();
    await act();
    await this.open();
  }

  /** No faults from now on; resolves when every request that was held back has arrived and been answered. */
  async quiesce(): Promise<void> {
    this.schedule = PASS;
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    // The client may go at any time: that is what this is for.
    for (const part of [request, response, request.socket]) part.on("error", () => undefined);
    const done = this.#handle(request, response).finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = await Exchange.receive(request, response, this.#target);
    if (exchange === undefined) return;
    const fault = this.schedule(exchange);
    this.#deal(fault, `${exchange.method} ${exchange.path}`);
    await FAULTS[fault](exchange, this.#setting);
  }

  #deal(fault: Fault | typeof AWAY, request: string): void {
    this.dealt.set(fault, (this.dealt.get(fault) ?? 0) + 1);
    this.log.push(`${fault}: ${request}`);
  }
}

/** A network without faults, that can go away and come back. */
export function plainNetwork(target: string): TrackingProxy {
  return new TrackingProxy(target, { timeoutMs: 0, random: new Random(0) });
}
