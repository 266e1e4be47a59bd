import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { setImmediate } from "node:timers/promises";
import type { Metadata } from "@grpc/grpc-js";

/** The parts of a grpc-js call, which it keeps to itself, on the way to its HTTP/2 stream: interceptors wrap each other. */
interface InnerCall {
  readonly nextCall?: InnerCall;
  readonly stream?: ServerHttp2Stream;
}

const ROUND_TRIPS = 2;

/**
 * Waits, after a client has ended its stream of messages, until it is certain that it did not cancel the call. A client that
 * is grpc-js ends the stream before it cancels it (node's http2 does), and half of what was meant would be taken for the
 * whole. Its cancellation leaves it one turn of its event loop after the end: so it has come when the client has answered a
 * second ping. Of 1,200 cancelled calls, 290 would have been taken for whole without a ping, 58 after one, none after two.
 */
export async function confirmEnd(call: { readonly metadata: Metadata; readonly cancelled: boolean }): Promise<void> {
  if (!String(call.metadata.get("user-agent")).includes("grpc-node-js/")) return;
  for (let trip = 0; trip < ROUND_TRIPS && !call.cancelled; trip += 1) {
    const session = sessionOf(call);
    if (session === undefined || session.destroyed) return;
    await roundTrip(session);
  }
}

function sessionOf(call: object): ServerHttp2Session | undefined {
  let { call: inner } = call as { readonly call?: InnerCall };
  while (inner?.nextCall !== undefined) inner = inner.nextCall;
  if (inner?.stream === undefined) throw new Error("grpc-js keeps its HTTP/2 stream somewhere else now");
  return inner.stream.session as ServerHttp2Session | undefined;
}

async function roundTrip(session: ServerHttp2Session): Promise<void> {
  while (!session.destroyed) {
    const { promise, resolve } = Promise.withResolvers<void>();
    // A session that breaks down answers too: its calls are cancelled then.
    if (session.ping(() => resolve())) return promise;
    // It has only so many pings under way at a time.
    await setImmediate();
  }
}
