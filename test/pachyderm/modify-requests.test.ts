import * as fc from "fast-check";
import { expect, test } from "vitest";
import { toModifyRequests } from "../../src/pachyderm/client-files.ts";
import type { ModifyFileRequest } from "../../src/pachyderm/generated/pfs_v2/ModifyFileRequest.ts";
import { CHUNK_BYTES } from "../../src/pachyderm/protocol.ts";
import { newCommitOn } from "../../src/pachyderm/to-wire.ts";
import type { FileChange } from "../../src/pachyderm/types.ts";

const COMMIT = newCommitOn({ repo: { project: "default", name: "images", type: "user" }, name: "master" });

async function requests(...changes: FileChange[]): Promise<ModifyFileRequest[]> {
  return collect(toModifyRequests(COMMIT, changes));
}

test("a stream begins with a commit that names the branch twice, or pachd would not open one", async () => {
  const repo = { name: "images", type: "user", project: { name: "default" } };
  expect(await requests()).toEqual([{ set_commit: { repo, branch: { repo, name: "master" }, id: "" } }]);
});

test("a put replaces: it deletes before it adds", async () => {
  const value = Buffer.from("hello\n");
  const [, ...rest] = await requests({ kind: "put", path: "/a", content: value }, { kind: "delete", path: "/b/" });
  expect(rest).toEqual([
    { delete_file: { path: "/a" } },
    { add_file: { path: "/a", raw: { value } } },
    { delete_file: { path: "/b/" } },
  ]);
});

test("an appending put only adds", async () => {
  const value = Buffer.from("hello\n");
  const [, ...rest] = await requests({ kind: "put", path: "/a", content: value, append: true });
  expect(rest).toEqual([{ add_file: { path: "/a", raw: { value } } }]);
});

test("an empty file is one add without content, however many empty pieces it comes in", async () => {
  const empty = { add_file: { path: "/a" } };
  expect((await requests({ kind: "put", path: "/a", content: new Uint8Array(), append: true })).slice(1)).toEqual([empty]);
  expect((await requests({ kind: "put", path: "/a", content: pieces(0, 0), append: true })).slice(1)).toEqual([empty]);
});

test("content arrives whole, in pieces that fit into messages", async () => {
  const sizes = fc.array(fc.oneof(fc.nat(10), fc.integer({ min: CHUNK_BYTES - 1, max: 2 * CHUNK_BYTES + 1 })), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(sizes, async (lengths) => {
      const sent = (await requests({ kind: "put", path: "/a", content: pieces(...lengths), append: true })).slice(1);
      const values = sent.flatMap(({ add_file: added }) => (added?.raw?.value instanceof Uint8Array ? [added.raw.value] : []));
      expect(Math.max(0, ...values.map((value) => value.length))).toBeLessThanOrEqual(CHUNK_BYTES);
      expect(Buffer.concat(values).equals(Buffer.concat(await collect(pieces(...lengths))))).toBe(true);
    }),
    { numRuns: 20 },
  );
});

async function* pieces(...lengths: number[]): AsyncGenerator<Uint8Array> {
  for (const [index, length] of lengths.entries()) yield Buffer.alloc(length, index + 1);
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}
