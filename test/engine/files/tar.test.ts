import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { type Header, extract } from "tar-stream";
import { describe, expect, test } from "vitest";
import { END_OF_TAR, tarHeader, tarPadding } from "../../../src/engine/files/tar.ts";

const GIB = 1024 ** 3;

/** What a reader makes of a header. */
async function read(name: string, bytes: number): Promise<Header> {
  const tar = extract();
  const entry = once(tar, "entry");
  tar.write(tarHeader(name, bytes));
  const [header] = (await entry) as [Header];
  tar.destroy();
  return header;
}

describe("a tar header", () => {
  test.each([
    "/a",
    "/",
    "/a/",
    `/${"n".repeat(99)}`,
    `/${"n".repeat(100)}`,
    `/${"d".repeat(98)}/${"n".repeat(99)}`,
    `/${"d".repeat(154)}/${"n".repeat(100)}`,
    `/${"d".repeat(155)}/${"n".repeat(100)}`,
    `/${"d".repeat(60)}/${"e".repeat(60)}/${"f".repeat(60)}/`,
    `/${"deep/".repeat(60)}`,
    `/${"n".repeat(1000)}`,
  ])("has the name %s whole", async (name) => {
    expect(await read(name, 0)).toMatchObject({ name, type: name.endsWith("/") ? "directory" : "file", mode: 0, uid: 0, gid: 0 });
  });

  test.each([0, 1, 8 * GIB - 1, 8 * GIB, 100 * GIB])("has the size %i", async (bytes) => {
    expect(await read("/file", bytes)).toMatchObject({ name: "/file", size: bytes });
  });

  test("is what tar reads", () => {
    const files = { "/a": "1", [`/${"long/".repeat(50)}name`]: "22", "/empty": "" };
    const pieces = Object.entries(files).flatMap(([name, text]) => [
      tarHeader(name, text.length),
      Buffer.from(text),
      tarPadding(text.length),
    ]);
    const listed = execFileSync("tar", ["-tPf", "-"], { input: Buffer.concat([...pieces, END_OF_TAR]), encoding: "utf8" });
    expect(listed.trim().split("\n")).toEqual(Object.keys(files));
  });
});
