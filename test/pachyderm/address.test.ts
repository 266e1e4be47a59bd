import { expect, test } from "vitest";
import { parseAddress } from "../../src/pachyderm/address.ts";

test.each([
  ["localhost", { target: "dns:///localhost:30650", tls: false }],
  ["127.0.0.1:1650", { target: "dns:///127.0.0.1:1650", tls: false }],
  ["grpc://pachd.example:30650", { target: "dns:///pachd.example:30650", tls: false }],
  ["http://pachd/", { target: "dns:///pachd:30650", tls: false }],
  ["grpcs://pachd.example:443", { target: "dns:///pachd.example:443", tls: true }],
  ["https://pachd.example", { target: "dns:///pachd.example:30650", tls: true }],
  ["[::1]:1650", { target: "dns:///[::1]:1650", tls: false }],
  ["unix:/run/pachd.sock", { target: "unix:/run/pachd.sock", tls: false }],
])("%s is an address", (address, endpoint) => {
  expect(parseAddress(address)).toEqual(endpoint);
});

test.each(["", "host:", "host:0", "host:65536", "ftp://host", "host:1:2", "host/path", "a b"])(
  '"%s" is none, and says so',
  (address) => {
    expect(() => parseAddress(address)).toThrow(
      expect.objectContaining({ code: "USAGE", message: `"${address}" is no address of a Pachyderm server.` }),
    );
  },
);
