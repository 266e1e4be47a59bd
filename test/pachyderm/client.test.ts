import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CHUNK_BYTES } from "../../src/pachyderm/protocol.ts";
import {
  type TestEngine,
  branch,
  commitFiles,
  pipeline,
  put,
  readAll,
  repo,
  shellSpec,
  startTestEngine,
} from "../helpers/engine.ts";

let running: TestEngine;
beforeAll(async () => {
  running = await startTestEngine();
});
afterAll(() => running.close());

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

async function paths(files: AsyncIterable<{ readonly path: string }>): Promise<string[]> {
  return (await collect(files)).map((file) => file.path);
}

async function* half(): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(CHUNK_BYTES);
  throw new Error("the disk is gone");
}

const MISSING = "0".repeat(12) + "4" + "0".repeat(19);

test("the server's version, and that it asks nobody who they are", async () => {
  expect(await running.client.version()).toMatch(/^\d+\.\d+\.\d+/);
  expect(await running.client.whoAmI()).toBeUndefined();
});

describe("repos and commits", () => {
  test("are made, described, listed and deleted", async () => {
    const { client } = running;
    expect(await client.version()).toMatch(/^2\.12\.\d+$/);
    await client.createProject("vision");
    expect(await collect(client.listProjects())).toEqual(expect.arrayContaining(["default", "vision"]));
    const edges = { project: "vision", name: "edges", type: "user" } as const;
    await client.createRepo(edges, { description: "outlines" });
    await expect(client.createRepo(edges)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await client.createRepo(edges, { description: "contours", update: true });
    expect(await client.inspectRepo(edges)).toMatchObject({ repo: edges, description: "contours", sizeBytes: 0, branches: [] });
    expect((await collect(client.listRepos())).map((info) => info.repo)).toContainEqual(edges);
    await client.deleteRepo(edges);
    await expect(client.inspectRepo(edges)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(client.deleteRepo(edges)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("a commit is opened, filled, finished, and followed to its parent", async () => {
    const { client } = running;
    await client.createRepo(repo("diary"));
    const first = await commitFiles(client, "diary", { "/monday": "rain" });
    const open = await client.startCommit(branch("diary"), "tuesday's");
    expect(await client.inspectCommit({ repo: open.repo, at: open.id })).toMatchObject({
      finishing: undefined,
      sizeBytes: undefined,
    });
    await client.modifyCommit(open, [put("/tuesday", "sun"), { kind: "delete", path: "/monday" }]);
    await client.finishCommit(open);
    const info = await client.inspectCommit({ repo: open.repo, at: "master" }, "FINISHED");
    expect(info).toMatchObject({
      commit: open,
      origin: "USER",
      description: "tuesday's",
      parent: first,
      error: "",
      sizeBytes: 3,
    });
    expect(info.finished?.getTime()).toBeGreaterThanOrEqual(info.started.getTime());
    expect(await readAll(client, "diary")).toEqual({ "/tuesday": "sun" });

    const ids = async (options?: { to?: string; number?: number }) =>
      (await collect(client.listCommits(repo("diary"), options))).map(({ commit }) => commit.id);
    expect(await ids()).toEqual([open.id, first]);
    expect(await ids({ number: 1 })).toEqual([open.id]);
    expect(await ids({ to: "master^" })).toEqual([first]);
    expect((await client.inspectCommit({ repo: repo("diary"), at: "master^" })).commit.id).toBe(first);
    await expect(client.inspectCommit({ repo: repo("diary"), at: MISSING })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(client.modifyCommit(open, [put("/x", "")])).rejects.toMatchObject({
      code: "FAILED",
      message: /has already finished/,
    });
  });

  test("a branch can come from another, and its commits from the other's", async () => {
    const { client } = running;
    await client.createRepo(repo("up"));
    await client.createRepo(repo("down"));
    const head = await commitFiles(client, "up", { "/a": "1" });
    await client.createBranch(branch("down"), { provenance: [branch("up")] });
    const info = await client.inspectBranch(branch("down"));
    expect(info.directProvenance).toEqual([branch("up")]);
    const derived = await client.inspectCommit({ repo: repo("down"), at: "master" });
    expect(derived).toMatchObject({ origin: "AUTO", directProvenance: [{ repo: repo("up"), id: head }], commit: info.head });
    await client.createBranch(branch("up", "old"), { head });
    expect((await collect(client.listBranches(repo("up")))).map((found) => [found.branch.name, found.head?.id])).toEqual([
      ["old", head],
      ["master", head],
    ]);
  });
});

describe("files", () => {
  test("come back as they were put, however large, and are replaced, added to and deleted", async () => {
    const { client } = running;
    await client.createRepo(repo("files"));
    const large = Buffer.alloc(2 * CHUNK_BYTES + 7, "abcdefg");
    await client.modifyBranch(branch("files"), [
      { kind: "put", path: "/dir/large", content: large },
      put("/empty", ""),
      put("/a", "one"),
    ]);
    await client.modifyBranch(branch("files"), [
      put("/a", "two"),
      { kind: "put", path: "/a", content: Buffer.from("+"), append: true },
    ]);
    const head = { repo: repo("files"), at: "master" };
    expect(Buffer.concat(await collect(client.readFile(head, "/dir/large"))).equals(large)).toBe(true);
    expect(Buffer.concat(await collect(client.readFile(head, "/dir/large", large.length - 3))).equals(large.subarray(-3))).toBe(
      true,
    );
    expect(await collect(client.readFile(head, "/empty"))).toEqual([]);
    expect(Buffer.concat(await collect(client.readFile(head, "/a"))).toString()).toBe("two+");
    await expect(collect(client.readFile(head, "/none"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    await client.modifyBranch(branch("files"), [{ kind: "delete", path: "/dir/" }]);
    expect((await collect(client.walkFiles(head, "/"))).map((file) => file.path)).toEqual(["/", "/a", "/empty"]);
  });

  test("are inspected, listed, walked and found by a pattern", async () => {
    const { client } = running;
    await client.createRepo(repo("tree"));
    const id = await commitFiles(client, "tree", { "/a.txt": "hello\n", "/d/b.txt": "b", "/d/c.csv": "c" });
    const head = { repo: repo("tree"), at: "master" };
    expect(await client.inspectFile(head, "/a.txt")).toEqual({
      commit: { repo: repo("tree"), id },
      path: "/a.txt",
      type: "FILE",
      sizeBytes: 6,
      hash: "a76538c4bbfc9fae4cb77133a200d817a05b3639a9b6bd862a9c3a8201cc20f6",
      datum: "default",
    });
    expect(await client.inspectFile(head, "/d")).toMatchObject({ path: "/d/", type: "DIR", sizeBytes: 2 });
    expect(await paths(client.listFiles(head, "/"))).toEqual(["/a.txt", "/d/"]);
    expect(await paths(client.listFiles(head, "/none"))).toEqual([]);
    expect(await paths(client.walkFiles(head, "/d"))).toEqual(["/d/", "/d/b.txt", "/d/c.csv"]);
    expect(await paths(client.globFiles(head, "/**.txt"))).toEqual(["/a.txt", "/d/b.txt"]);
    await expect(paths(client.walkFiles(head, "/none"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("a put that breaks off leaves no commit", async () => {
    const { client } = running;
    await client.createRepo(repo("broken"));
    const head = await commitFiles(client, "broken", { "/whole": "1" });
    for (let attempt = 0; attempt < 10; attempt++) {
      await expect(client.modifyBranch(branch("broken"), [{ kind: "put", path: "/half", content: half() }])).rejects.toThrow(
        "the disk is gone",
      );
    }
    expect((await collect(client.listCommits(repo("broken")))).map((info) => info.commit.id)).toEqual([head]);
  });

  test("can't be put into a repo that is not there", async () => {
    await expect(running.client.modifyBranch(branch("nowhere"), [put("/a", "1")])).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("pipelines", () => {
  test("run a job for each commit, which can be waited for, inspected and read", async () => {
    const { client } = running;
    await client.createRepo(repo("numbers"));
    const effective = await client.createPipeline(
      shellSpec("double", "numbers", "for f in /pfs/numbers/*; do cat $f $f > /pfs/out/$(basename $f); done; echo doubled"),
    );
    expect(JSON.parse(effective)).toMatchObject({ pipeline: { name: "double" }, datumTries: "1", outputBranch: "master" });
    await expect(client.createPipeline(shellSpec("double", "numbers", "true"))).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    const id = await commitFiles(client, "numbers", { "/1": "1", "/2": "2" });
    const jobs = await collect(client.inspectJobSet(id, { wait: true }));
    expect(jobs).toMatchObject([
      {
        job: { pipeline: pipeline("double"), id },
        outputCommit: { repo: repo("double"), id },
        state: "JOB_SUCCESS",
        pipelineVersion: 1,
        datums: { total: 2, processed: 2, skipped: 0, failed: 0, recovered: 0 },
        inputs: [{ name: "numbers", repo: repo("numbers"), branch: "master", glob: "/*", commit: id }],
      },
    ]);
    expect(await readAll(client, "double")).toEqual({ "/1": "11", "/2": "22" });
    const job = { pipeline: pipeline("double"), id };
    expect((await client.inspectJob(job, { wait: true })).finished).toBeInstanceOf(Date);
    const set = await collect(client.inspectCommitSet(id, { wait: true }));
    expect(set.map((info) => [info.commit.repo.name, info.commit.repo.type])).toEqual(
      expect.arrayContaining([
        ["double", "user"],
        ["numbers", "user"],
      ]),
    );
    expect((await collect(client.listJobs({ pipeline: pipeline("double") }))).map((info) => info.job.id)).toContain(id);
    expect((await collect(client.listJobs())).map((info) => info.job)).toContainEqual(job);

    const datums = await collect(client.listDatums(job));
    expect(datums.flatMap((datum) => datum.files.map((file) => file.path)).toSorted()).toEqual(["/1", "/2"]);
    const [datum] = datums;
    expect(await client.inspectDatum(job, datum?.id ?? "")).toMatchObject({ id: datum?.id, state: "SUCCESS" });
    const lines = (await collect(client.logs({ job }))).filter((line) => line.user);
    expect(lines.map((line) => [line.message.trim(), line.jobId])).toEqual([
      ["doubled", id],
      ["doubled", id],
    ]);
  });

  test("are listed, updated, stopped, started and deleted", async () => {
    const { client } = running;
    await client.createRepo(repo("source"));
    const spec = shellSpec("copy", "source", "cp /pfs/source/* /pfs/out/", { description: "copies" });
    await client.createPipeline(spec);
    await client.createPipeline(spec, { update: true, reprocess: true });
    const info = await client.inspectPipeline(pipeline("copy"));
    expect(info).toMatchObject({
      version: 2,
      stopped: false,
      outputBranch: "master",
      command: ["sh", "-e"],
      description: "copies",
    });
    expect(JSON.parse(info.userSpecJson)).toEqual(JSON.parse(spec));
    expect(info.specCommit.repo).toEqual(repo("copy", "spec"));
    expect(info.inputs).toMatchObject([{ repo: repo("source"), glob: "/*" }]);
    await client.stopPipeline(pipeline("copy"));
    expect((await client.inspectPipeline(pipeline("copy"))).stopped).toBe(true);
    await client.startPipeline(pipeline("copy"));
    expect((await collect(client.listPipelines())).map((found) => found.pipeline)).toContainEqual(pipeline("copy"));
    await client.deletePipeline(pipeline("copy"));
    await expect(client.inspectPipeline(pipeline("copy"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(client.deletePipeline(pipeline("copy"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("see a secret, and can be stopped in the middle", async () => {
    const { client } = running;
    await client.createRepo(repo("ticks"));
    await client.createSecret("mlflow", { tracking_uri: "http://mlflow.test" });
    const secrets = [{ name: "mlflow", key: "tracking_uri", env_var: "MLFLOW_TRACKING_URI" }];
    await client.createPipeline(
      shellSpec("slow", "ticks", "", {
        transform: { cmd: ["sh"], stdin: ["test $MLFLOW_TRACKING_URI = http://mlflow.test && echo seen; sleep 600"], secrets },
      }),
    );
    const id = await commitFiles(client, "ticks", { "/1": "1" });
    const job = { pipeline: pipeline("slow"), id };
    for await (const line of client.logs({ job, follow: true })) {
      if (!line.user) continue;
      expect(line.message.trim()).toBe("seen");
      break;
    }
    await client.stopJob(job, "enough");
    expect(await client.inspectJob(job, { wait: true })).toMatchObject({ state: "JOB_KILLED", reason: "enough" });
    expect((await client.inspectCommit({ repo: repo("slow"), at: id }, "FINISHED")).error).toBe("enough");
  });

  test("a spec that is wrong is refused with the place", async () => {
    const wrong = JSON.stringify({ pipeline: { name: "wrong" }, transform: { comand: ["true"] } });
    await expect(running.client.createPipeline(wrong)).rejects.toMatchObject({
      code: "USAGE",
      message: /unknown field "comand" in transform/,
    });
  });
});
