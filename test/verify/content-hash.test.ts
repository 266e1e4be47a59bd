import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readContent } from "../../src/verify/content-hash.ts";
import { type TestEngine, branch, repo, startTestEngine } from "../helpers/engine.ts";

const MIB = 1024 * 1024;

describe("the hash of content that was read", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startTestEngine();
    await engine.client.createRepo(repo("data"));
  });
  afterAll(() => engine.close());

  test("is what the engine says, of files of every size that matters", async () => {
    const { client } = engine;
    const sizes = [0, 1, 65_536, 999_999, 1_000_000, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 9 * MIB];
    const puts = sizes.map((size) => ({ kind: "put" as const, path: `/${size}`, content: Buffer.alloc(size, `${size};`) }));
    await client.modifyBranch(branch("data"), puts);
    const query = { repo: repo("data"), at: "master" };
    for (const { path, sizeBytes, hash } of await Array.fromAsync(client.listFiles(query, "/")))
      expect({ path, ...(await readContent(client.readFile(query, path))) }).toEqual({ path, sizeBytes, hash });
  });
});
