import { afterAll, beforeAll, expect, test } from "vitest";
import { Pachd, pfs } from "./pachd.ts";

let pachd: Pachd;
beforeAll(async () => {
  pachd = await Pachd.connect();
});
afterAll(() => pachd.close());

test("Fsck of a server in good order answers with an empty stream", async () => {
  const repo = await pachd.newRepo();
  await pachd.put(repo, { "/a": "1", "/folder/b": "2" });
  expect(await pachd.collect(pfs.Fsck, {})).toEqual([]);
});
