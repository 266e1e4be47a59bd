import { describe, expect, test } from "vitest";
import {
  OPEN_ACCESS,
  formatListenAddress,
  isLoopback,
  isToken,
  parseListenAddress,
  requireProtection,
} from "../../src/engine/access.ts";

const TOKEN = "5ecret-0f-the-engine";
const tls = { cert: Buffer.from("certificate"), key: Buffer.from("key") };

describe("where an engine may listen", () => {
  test.each(["127.0.0.1", "127.8.9.10", "localhost", "::1", "0:0:0:0:0:0:0:1"])("%s is for this machine only", (host) => {
    expect(isLoopback(host)).toBe(true);
    expect(() => requireProtection(host, OPEN_ACCESS)).not.toThrow();
  });

  test.each(["0.0.0.0", "::", "10.0.0.1", "127.example.com", "::ffff:1.2.3.4", "pachd.example", "fe80::1"])(
    "%s, which others reach, needs a token and TLS",
    (host) => {
      expect(isLoopback(host)).toBe(false);
      const refused = expect.objectContaining({ code: "USAGE", message: expect.stringContaining(host) as string }) as Error;
      for (const access of [OPEN_ACCESS, { token: TOKEN, tls: undefined }, { token: undefined, tls }])
        expect(() => requireProtection(host, access)).toThrow(refused);
      expect(() => requireProtection(host, { token: TOKEN, tls })).not.toThrow();
    },
  );

  test.each([
    ["127.0.0.1:0", { host: "127.0.0.1", port: 0 }],
    ["localhost:30650", { host: "localhost", port: 30650 }],
    ["[::1]:1", { host: "::1", port: 1 }],
  ])("%s is read and written", (text, address) => {
    expect(parseListenAddress(text)).toEqual(address);
    expect(formatListenAddress(address)).toBe(text);
  });

  test.each(["", "127.0.0.1", "::1:30650", "[::1]", "host:port", "host:99999", "http://host:1", "a b:1"])(
    "%j is no address to listen at",
    (text) => {
      expect(() => parseListenAddress(text)).toThrow(expect.objectContaining({ code: "USAGE" }));
    },
  );
});

test("only the whole token will do, and any where there is none", () => {
  const wrong = ["", `${TOKEN} `, TOKEN.slice(0, -1), TOKEN.toUpperCase(), "x".repeat(10_000), "\u0000"];
  const access = { token: TOKEN, tls: undefined };
  expect([TOKEN, ...wrong].filter((given) => isToken(access, given))).toEqual([TOKEN]);
  expect(wrong.filter((given) => isToken(OPEN_ACCESS, given))).toEqual(wrong);
});
