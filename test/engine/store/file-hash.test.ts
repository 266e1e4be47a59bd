import { beforeAll, expect, test } from "vitest";
import {
  blake2b256,
  datumId,
  directoryHash,
  largeFileHash,
  loadHasher,
  smallFileHash,
} from "../../../src/engine/store/file-hash.ts";

beforeAll(loadHasher);

const HELLO = "a76538c4bbfc9fae4cb77133a200d817a05b3639a9b6bd862a9c3a8201cc20f6";

test("an empty file has the hash of nothing", () => {
  expect(smallFileHash(new Uint8Array())).toBe("0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
});

test("a small file has the hash of its content's hash", () => {
  expect(smallFileHash(Buffer.from("hello\n"))).toBe(HELLO);
});

test("a directory has the hash of its children's hashes", () => {
  expect(directoryHash(Buffer.from(HELLO, "hex"))).toBe("d0c9d88049f70d9be32a759f75daf4b14a103ddc42d1dee8823e9b60ceb73804");
  expect(directoryHash(Buffer.from(HELLO + HELLO, "hex"))).toBe(blake2b256(Buffer.from(HELLO + HELLO, "hex")));
});

test("a large file has a hash of its chunks and their order", () => {
  const [one, other] = ["aa".repeat(32), "bb".repeat(32)] as const;
  expect(new Set([largeFileHash([one, other]), largeFileHash([other, one]), largeFileHash([one])]).size).toBe(3);
});

test("a datum's id is pachd's", () => {
  const input = { name: "in", repo: "in", branch: "master", path: "/a.txt" };
  expect(datumId([input])).toBe("87329387b4d40b8e39dd72d6ab3feeb72e3a2505574188e04899b96d84426966");
  expect(datumId([input, input])).not.toBe(datumId([input]));
});

test("parts are hashed as one text", () => {
  expect(blake2b256("ab", Buffer.from("c"))).toBe(blake2b256("abc"));
});
