import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { JobInfo } from "../../src/pachyderm/types.ts";
import { branch, pipeline, put, readText, repo, shellSpec } from "../helpers/engine.ts";
import type { Remote } from "./remote.ts";
import { SmallDiskEngine, smallDiskRefusal } from "./small-disk.ts";

const DISK_MIB = 40;
const MIB = 1024 * 1024;
const refusal = smallDiskRefusal();
const full = expect.objectContaining({
  message: "the engine's disk is full: free some space, then try again",
  cause: expect.objectContaining({ code: status.RESOURCE_EXHAUSTED }),
});

/** Content of which no two parts are alike. */
function bytesOf(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE(Math.imul(at + seed, 2654435761) >>> 0, at);
  return bytes;
}

describe.skipIf(refusal !== undefined)(`a full disk${refusal === undefined ? "" : ` (skipped: ${refusal})`}`, () => {
  const large = bytesOf(3 * MIB, 1);
  let engine: SmallDiskEngine;
  let remote: Remote;

  beforeEach(async () => {
    ({ engine, remote } = await SmallDiskEngine.start(DISK_MIB));
    await remote.client.createRepo(repo("data"));
    await remote.client.modifyBranch(branch("data"), [{ kind: "put", path: "/large", content: large }, put("/small", "kept")]);
  });
  afterEach(async () => {
    remote[Symbol.dispose]();
    await engine.close();
  });

  /** What was there before is as it was, and the store is whole. */
  async function expectKept(): Promise<void> {
    const query = { repo: repo("data"), at: "master" };
    expect(Buffer.concat(await Array.fromAsync(remote.client.readFile(query, "/large"))).equals(large)).toBe(true);
    expect(await readText(remote.client, "data", "master", "/small")).toBe("kept");
    expect(await Array.fromAsync(remote.client.checkStore())).toEqual([]);
    expect(engine.log).not.toContain("internal error");
  }

  function putSmall(number: number): Promise<void> {
    return remote.client.modifyBranch(branch("data"), [put(`/${number}`, `${number};`.repeat(500))]);
  }

  test("refuses a large file, keeps what was there, and takes the file when there is space", async () => {
    engine.fill(6 * MIB);
    const content = bytesOf(12 * MIB, 2);
    const putLarger = (): Promise<void> =>
      remote.client.modifyBranch(branch("data"), [{ kind: "put", path: "/larger", content }]);
    await expect(putLarger()).rejects.toEqual(full);
    await expectKept();
    await expect(putLarger()).rejects.toEqual(full);
    engine.free();
    await putLarger();
    expect(
      Buffer.concat(await Array.fromAsync(remote.client.readFile({ repo: repo("data"), at: "master" }, "/larger"))).equals(
        content,
      ),
    ).toBe(true);
    await expectKept();
    expect((await Array.fromAsync(remote.client.collectGarbage())).at(-1)).toMatchObject({ objects: 0, unfinished: 0 });
  });

  test("refuses small files, also when the database's log cannot grow, and goes on when there is space", async () => {
    engine.fill(64 * 1024);
    let done = 0;
    const putUntilFull = async (): Promise<void> => {
      for (; done < 10_000; done += 1) await putSmall(done);
    };
    await expect(putUntilFull()).rejects.toEqual(full);
    const createUntilFull = async (): Promise<void> => {
      for (let number = 0; number < 10_000; number += 1) await remote.client.createRepo(repo(`r${number}`));
    };
    await expect(createUntilFull()).rejects.toEqual(full);
    await expectKept();
    engine.free();
    await putSmall(done);
    await expectKept();
    for (let number = 0; number <= done; number += 1)
      expect(await readText(remote.client, "data", "master", `/${number}`)).toBe(`${number};`.repeat(500));
    remote[Symbol.dispose]();
    remote = await engine.restart();
    await expectKept();
  });

  test("does not keep the engine from starting, and clean-up makes room", async () => {
    await remote.client.createRepo(repo("gone"));
    await remote.client.modifyBranch(branch("gone"), [{ kind: "put", path: "/large", content: bytesOf(8 * MIB, 3) }]);
    await remote.client.deleteRepo(repo("gone"));
    engine.fill(0);
    const again = [{ kind: "put" as const, path: "/again", content: bytesOf(6 * MIB, 4) }];
    await expect(remote.client.modifyBranch(branch("data"), again)).rejects.toEqual(full);
    remote[Symbol.dispose]();
    remote = await engine.restart();
    await expectKept();
    await Array.fromAsync(remote.client.collectGarbage());
    await remote.client.modifyBranch(branch("data"), again);
    await expectKept();
  });

  test.each([
    ["input", "true"],
    ["output", "head -c 6000000 /dev/zero > /pfs/out/file"],
  ])("fails a job whose %s does not fit, and runs the next one", async (what, script) => {
    const spec = shellSpec("run", "data", script, { input: { pfs: { repo: "data", name: "in", glob: "/" } } });
    const endOfLast = async (): Promise<JobInfo> => {
      const [last = expect.fail("no job")] = await Array.fromAsync(remote.client.listJobs());
      return remote.client.inspectJob(last.job, { wait: true });
    };
    await remote.client.createPipeline(spec);
    expect(await endOfLast()).toMatchObject({ state: "JOB_SUCCESS" });
    engine.fill(what === "input" ? 2 * MIB : 5 * MIB);
    await putSmall(1);
    expect(await endOfLast()).toMatchObject({ state: "JOB_FAILURE" });
    const lines = (await Array.fromAsync(remote.client.logs({ pipeline: pipeline("run") }))).map(({ message }) => message);
    expect(lines).toContainEqual(expect.stringMatching(/disk is full|No space left/));
    engine.free();
    await putSmall(2);
    expect(await endOfLast()).toMatchObject({ state: "JOB_SUCCESS" });
    await expectKept();
  });
});
