import {
  type Metadata,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type sendUnaryData,
  type ServiceDefinition,
  status,
} from "@grpc/grpc-js";
import { type ErrorCode, StemmaError } from "../lineage/errors.ts";
import { Fault, unimplemented } from "./fault.ts";
import { confirmEnd } from "./services/stream-end.ts";
import { storageFault } from "./store/storage-fault.ts";

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
    const broken = storageFault(error);
    if (broken !== undefined) return { code: broken.code, details: broken.message };
    log(`internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return { code: status.INTERNAL, details: "internal error" };
  };
}

/** What a handler knows of the call besides its request. */
export interface Call {
  /** Aborts when the client goes away or its time is up. */
  readonly signal: AbortSignal;
  /** The headers that the client sent. */
  readonly metadata: Metadata;
}

/** Turns plain functions into gRPC handlers. Built once for a server. */
export class Adapter {
  private readonly translate: Translate;

  constructor(translate: Translate) {
    this.translate = translate;
  }

  unary<Request, Response>(
    handle: (request: Request, call: Call) => Response | Promise<Response>,
  ): handleUnaryCall<Request, Response> {
    return (call, answer) => this.answer(answer, async () => handle(call.request, contextOf(call)));
  }

  stream<Request, Response>(
    handle: (request: Request, call: Call) => Iterable<Response> | AsyncIterable<Response>,
  ): handleServerStreamingCall<Request, Response> {
    return (call) => void this.send(call, (context) => handle(call.request, context));
  }

  /** As `stream`, for large messages: each is sent before the next is asked for, which may be made in the same memory. */
  pieces<Request, Response>(
    handle: (request: Request, call: Call) => AsyncIterable<Response>,
  ): handleServerStreamingCall<Request, Response> {
    return (call) => void this.send(call, (context) => handle(call.request, context), sent);
  }

  /** Both sides send streams: what the handler yields goes out at once. */
  exchange<Request, Response>(
    handle: (messages: AsyncIterable<Request>) => AsyncIterable<Response>,
  ): handleBidiStreamingCall<Request, Response> {
    return (call) => void this.send(call, () => handle(messagesOf(call)));
  }

  collect<Request, Response>(
    handle: (messages: AsyncIterable<Request>) => Promise<Response>,
  ): handleClientStreamingCall<Request, Response> {
    return (call, answer) => this.answer(answer, () => handle(messagesOf(call)));
  }

  /** The handlers of a service, completed with a refusal of the calls that it does not have. */
  service(
    definition: ServiceDefinition,
    handlers: Partial<UntypedServiceImplementation>,
    refusal?: Fault,
  ): UntypedServiceImplementation {
    const all: UntypedServiceImplementation = {};
    for (const [name, method] of Object.entries(definition)) {
      const fault = refusal ?? unimplemented(`the embedded engine does not implement ${method.path}; a Pachyderm cluster does`);
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
    call: ServerWritableStream<Request, Response> | ServerDuplexStream<Request, Response>,
    handle: (call: Call) => Iterable<Response> | AsyncIterable<Response>,
    write: Write = drained,
  ): Promise<void> {
    const context = contextOf(call);
    const { signal } = context;
    try {
      const messages = handle(context);
      // Most lists are made without waiting for anything: a promise for each of their messages would cost as much as to send it.
      if (Symbol.iterator in messages) {
        for (const message of messages) {
          if (signal.aborted) return;
          const busy = write(call, message, signal);
          if (busy !== undefined) await busy;
        }
      } else {
        for await (const message of messages) {
          if (signal.aborted) return;
          await write(call, message, signal);
        }
      }
      call.end();
    } catch (error) {
      // grpc-js takes the status of a failed stream from an error event. A client that is gone needs none.
      if (!signal.aborted) call.emit("error", this.translate(error));
    }
  }
}

type AnyCall = Pick<ServerUnaryCall<unknown, unknown>, "cancelled" | "metadata"> & NodeJS.EventEmitter;

function contextOf(call: AnyCall): Call {
  const abort = new AbortController();
  const gone = new Fault(status.CANCELLED, "the client went away");
  if (call.cancelled) abort.abort(gone);
  else call.once("cancelled", () => abort.abort(gone));
  return { signal: abort.signal, metadata: call.metadata };
}

interface Sink<Message> extends NodeJS.EventEmitter {
  write(message: Message, done?: () => void): boolean;
}

/** Writes a message. Answers a promise when one has to wait before the next; it resolves too when nobody is left to send to. */
type Write = <Message>(call: Sink<Message>, message: Message, signal: AbortSignal) => Promise<void> | undefined;

/** Waits only when many messages wait already. */
function drained<Message>(call: Sink<Message>, message: Message, signal: AbortSignal): Promise<void> | undefined {
  if (call.write(message)) return undefined;
  return new Promise((resolve) => {
    const done = (): void => {
      call.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    call.once("drain", done);
    signal.addEventListener("abort", done);
  });
}

/** Waits until the message has been given to the network. */
function sent<Message>(call: Sink<Message>, message: Message, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener("abort", done);
      resolve();
    };
    signal.addEventListener("abort", done);
    call.write(message, done);
  });
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** The messages of a client's stream. A cancelled stream ends with an error, so that half of it is never taken for the whole. */
async function* messagesOf<Request>(
  call: ServerReadableStream<Request, unknown> | ServerDuplexStream<Request, unknown>,
): AsyncIterableIterator<Request> {
  try {
    // Whoever has seen enough leaves the call itself open, which still has to be answered.
    for await (const message of call.iterator({ destroyOnReturn: false })) yield message as Request;
    await confirmEnd(call);
  } catch (error) {
    if (!call.cancelled) throw error;
  }
  if (call.cancelled) throw new Fault(status.CANCELLED, "the client went away");
}
