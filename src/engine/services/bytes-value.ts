import type { ServiceDefinition } from "@grpc/grpc-js";

/**
 * google.protobuf.BytesValue, the message that file bytes come in, without a copy: memory for a value has room before it for
 * the few bytes that the message has there. (protobufjs copies each value; of large files that was most of the work.)
 */
const TAG = 0x0a;
/** The tag, and the length of up to 2^32 bytes. */
const ROOM_BYTES = 6;

/** The memory that has such room. */
const roomy = new WeakSet<ArrayBufferLike>();

/** Memory for values of up to so many bytes: they are to begin where it begins. */
export function allocateValue(bytes: number): Uint8Array {
  const buffer = Buffer.allocUnsafeSlow(ROOM_BYTES + bytes);
  roomy.add(buffer.buffer);
  return buffer.subarray(ROOM_BYTES);
}

/** A service that answers with such messages, and serializes them so. */
export function withPlainBytes(service: ServiceDefinition): ServiceDefinition {
  const methods = Object.entries(service).map(([name, method]) => {
    const { responseType } = method as { readonly responseType?: { readonly type?: { readonly name?: string } } };
    return [name, responseType?.type?.name === "BytesValue" ? { ...method, responseSerialize: serializeBytesValue } : method];
  });
  return Object.fromEntries(methods) as ServiceDefinition;
}

/** The message's bytes. They are in the value's own memory where that has room. */
export function serializeBytesValue({ value = new Uint8Array() }: { readonly value?: Uint8Array }): Buffer {
  const head = [TAG, ...varint(value.length)];
  if (!roomy.has(value.buffer) || value.byteOffset !== ROOM_BYTES) return Buffer.concat([Buffer.from(head), value]);
  const message = Buffer.from(value.buffer, ROOM_BYTES - head.length, head.length + value.length);
  message.set(head);
  return message;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}
