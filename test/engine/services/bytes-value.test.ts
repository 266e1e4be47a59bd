import { describe, expect, test } from "vitest";
import { allocateValue, serializeBytesValue } from "../../../src/engine/services/bytes-value.ts";
import { loadTypes } from "../../../src/pachyderm/protocol.ts";

const type = loadTypes().lookupType("google.protobuf.BytesValue");

function decode(message: Uint8Array): Buffer {
  return Buffer.from((type.decode(message) as unknown as { value: Uint8Array }).value);
}

describe("bytes in a message", () => {
  test.each([0, 1, 127, 128, 16_383, 16_384, 2 * 1024 * 1024])("%i of them are what the receiver gets", (length) => {
    const bytes = Buffer.alloc(length, "0123456789");
    expect(decode(serializeBytesValue({ value: bytes })).equals(bytes)).toBe(true);
    const roomy = allocateValue(length + 10).subarray(0, length);
    roomy.set(bytes);
    expect(decode(serializeBytesValue({ value: roomy })).equals(bytes)).toBe(true);
    expect(bytes.equals(roomy)).toBe(true);
  });

  test("that have room before them are not copied, and others are not written to", () => {
    const roomy = allocateValue(10);
    expect(serializeBytesValue({ value: roomy }).buffer).toBe(roomy.buffer);
    const plain = Buffer.alloc(20, 1).subarray(6);
    expect(serializeBytesValue({ value: plain }).buffer).not.toBe(plain.buffer);
    const later = roomy.subarray(2);
    expect(serializeBytesValue({ value: later }).buffer).not.toBe(roomy.buffer);
    expect(decode(serializeBytesValue({}))).toHaveLength(0);
  });
});
