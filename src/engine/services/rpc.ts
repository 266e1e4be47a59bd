import {
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type sendUnaryData,
  type ServiceDefinition,
  status,
} from "@grpc/grpc-js";
import { once } from "node:events";
import { type ErrorCode, StemmaError } from "../../lineage/errors.ts";
import { Fault, unimplemented } from "../fault.ts";

const CODES = {
  USAGE: status.INVALID_ARGUMENT,
  NOT_FOUND: status.NOT_FOUND,
  ALREADY_EXISTS: status.ALREADY_EXISTS,
  FAILED: status.UNKNOWN,
  UNREACHABLE: status.UNAVAILABLE,
  INTEGRITY: status.DATA_LOSS,
  INCOMPLETE: status.UNKNOWN,
  UNSUPPORTED: status.UNIMPLEMENTED,
} satisfies Record<ErrorCode, status>;

/** What a client gets to see of an error: a refusal as it is, and of a bug only that there was one. */
export type Translate = (error: unknown) => { readonly code: status; readonly details: string };

export function translator(log: (line: string) => void): Translate {
  return (error) => {
    if (error instanceof Fault) return { code: error.code, details: error.message };
    if (error instanceof StemmaError) return { code: CODES[error.code], details: error.message };
    if ((error as NodeJS.ErrnoException).code === "ENOSPC")
      return { code: status.RESOURCE_EXHAUSTED, details: "the engine's disk is full" };
    log(`internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return { code: status.INTERNAL, details: "internal error" };
  };
}

/** Turns plain functions into gRPC handlers. Built once for a server. */
export class Adapter {
  private readonly translate: Translate;

  constructor(translate: Translate) {
    this.translate = translate;
  }

  /** `signal` aborts when the client goes away or its time is up. */
  unary<Request, Response>(
    handle: (request: Request, signal: AbortSignal) => Response | Promise<Response>,
  ): handleUnaryCall<Request, Response> {
    return (call, answer) => this.answer(answer, async () => handle(call.request, signalOf(call)));
  }

  stream<Request, Response>(
    handle: (request: Request, signal: AbortSignal) => Iterable<Response> | AsyncIterable<Response>,
  ): handleServerStreamingCall<Request, Response> {
    return (call) => void this.send(call, handle);
  }

  collect<Request, Response>(
    handle: (messages: AsyncIterable<Request>) => Promise<Response>,
  ): handleClientStreamingCall<Request, Response> {
    return (call, answer) => this.answer(answer, () => handle(messagesOf(call)));
  }

  /** The handlers of a service, completed with clear refusals for the calls that it does not have. */
  service(
    definition: ServiceDefinition,
    handlers: Partial<UntypedServiceImplementation>,
    refusal?: string,
  ): UntypedServiceImplementation {
    const all: UntypedServiceImplementation = {};
    for (const [name, method] of Object.entries(definition)) {
      const fault = unimplemented(refusal ?? `the embedded engine does not implement ${method.path}; a Pachyderm cluster does`);
      all[name] = handlers[name] ?? this.refuse(method.requestStream, method.responseStream, fault);
    }
    return all;
  }

  private refuse(requestStream: boolean, responseStream: boolean, fault: Fault): UntypedServiceImplementation[string] {
    const fail = (): never => {
      throw fault;
    };
    if (responseStream) return this.stream(fail);
    return requestStream ? this.collect(fail) : this.unary(fail);
  }

  private answer<Response>(answer: sendUnaryData<Response>, handle: () => Promise<Response>): void {
    handle().then(
      (response) => answer(null, response),
      (error: unknown) => answer(this.translate(error)),
    );
  }

  private async send<Request, Response>(
    call: ServerWritableStream<Request, Response>,
    handle: (request: Request, signal: AbortSignal) => Iterable<Response> | AsyncIterable<Response>,
  ): Promise<void> {
    const signal = signalOf(call);
    try {
      for await (const message of handle(call.request, signal)) {
        if (signal.aborted) return;
        if (!call.write(message)) await Promise.race([once(call, "drain"), aborted(signal)]);
      }
      call.end();
    } catch (error) {
      // grpc-js takes the status of a failed stream from an error event. A client that is gone needs none.
      if (!signal.aborted) call.emit("error", this.translate(error));
    }
  }
}

type Cancellable = Pick<ServerUnaryCall<unknown, unknown>, "cancelled"> & NodeJS.EventEmitter;

function signalOf(call: Cancellable): AbortSignal {
  const abort = new AbortController();
  const gone = new Fault(status.CANCELLED, "the client went away");
  if (call.cancelled) abort.abort(gone);
  else call.once("cancelled", () => abort.abort(gone));
  return abort.signal;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** The messages of a client's stream. A cancelled stream ends with an error, so that half of it is never taken for the whole. */
async function* messagesOf<Request>(call: ServerReadableStream<Request, unknown>): AsyncIterableIterator<Request> {
  for await (const message of call) yield message as Request;
  if (call.cancelled) throw new Fault(status.CANCELLED, "the client went away");
}
