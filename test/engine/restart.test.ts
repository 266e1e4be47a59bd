import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { startEngine } from "../../src/engine/server.ts";
import { PachydermClient } from "../../src/pachyderm/client.ts";
import { EngineProcess } from "../faults/engine-process.ts";
import { branch, commitFiles, pipeline, put, readAll, repo, shellSpec, startTestEngine } from "../helpers/engine.ts";
import { processesWith } from "../helpers/job-processes.ts";

test("a job that a stopped engine left in the middle is taken up again, without the datums that it had done", async () => {
  const gate = join(await mkdtemp(join(tmpdir(), "stemma-gate-")), "open");
  const script = `name=$(basename "$in"); [ "$name" = first ] || [ -e ${gate} ] || { echo waiting; exec sleep 1000; }; cp "$in" /pfs/out/$name`;
  let running = await startTestEngine();
  try {
    await running.client.createRepo(repo("data"));
    await commitFiles(running.client, "data", { "/first": "1", "/second": "2" });
    await running.client.createPipeline(
      shellSpec("copy", "data", script, { input: { pfs: { repo: "data", name: "in", glob: "/*" } } }),
    );
    for await (const line of running.client.logs({ pipeline: pipeline("copy"), follow: true }))
      if (line.message === "waiting") break;

    await writeFile(gate, "");
    running = await running.restart();
    const [job] = await Array.fromAsync(running.client.listJobs());
    const done = await running.client.inspectJob(job?.job ?? expect.fail("the job is gone"), { wait: true });
    expect(done).toMatchObject({ state: "JOB_SUCCESS", datums: { total: 2, processed: 2 } });
    expect(await readAll(running.client, "copy")).toEqual({ "/first": "1", "/second": "2" });
    const attempts = (await Array.fromAsync(running.client.logs({ pipeline: pipeline("copy") }))).filter((line) =>
      /attempt 1 of 1 succeeded/.test(line.message),
    );
    expect(attempts).toHaveLength(2);
  } finally {
    await running.close();
    await rm(join(gate, ".."), { recursive: true });
  }
});

test("a job in a namespace does not see the engine's own files, also as root", async () => {
  const { client, home, close } = await startTestEngine();
  try {
    expect(await readdir(home)).toContain("engine.db");
    await client.createRepo(repo("data"));
    await commitFiles(client, "data", { "/a": "kept" });
    await client.createPipeline(
      shellSpec(
        "attack",
        "data",
        `ls -A ${home} > /pfs/out/seen; echo changed > /pfs/data/a; rm -rf ${home}/* || true; touch ${home}/x || true`,
      ),
    );
    const [job] = await Array.fromAsync(client.listJobs());
    expect((await client.inspectJob(job?.job ?? expect.fail("no job"), { wait: true })).state).toBe("JOB_SUCCESS");
    expect(await readAll(client, "attack")).toEqual({ "/seen": "" });
    expect(await readAll(client, "data")).toEqual({ "/a": "kept" });
  } finally {
    await close();
  }
});

test("a home that one engine uses is refused to a second, and so is a port that is taken", async () => {
  const { engine, home, close } = await startTestEngine();
  const options = { listen: "127.0.0.1:0", workdir: home, env: {} };
  try {
    await expect(startEngine({ ...options, home })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("another engine is using"),
    });
    await expect(startEngine({ ...options, home: join(home, "other"), listen: engine.address })).rejects.toMatchObject({
      code: "USAGE",
      message: `cannot listen on ${engine.address}: the port is taken.`,
    });
  } finally {
    await close();
  }
});

test("a home in a format of another version is refused, and left as it is", async () => {
  const home = await mkdtemp(join(tmpdir(), "stemma-format-"));
  const options = { home, listen: "127.0.0.1:0", workdir: home, env: {} };
  await (await startEngine(options)).close();
  const setFormat = (format: number): void => {
    using db = new DatabaseSync(join(home, "engine.db"));
    db.exec(`PRAGMA user_version = ${format}`);
  };
  try {
    setFormat(999);
    await expect(startEngine(options)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("the format 999"),
    });
    setFormat(1);
    await (await startEngine(options)).close();
  } finally {
    await rm(home, { recursive: true });
  }
});

test.each(["namespace", "rewrite"])(
  "a killed engine leaves no process of its jobs to the next, and no folder, /pfs by %s",
  async (sandbox) => {
    const home = await mkdtemp(join(tmpdir(), "stemma-killed-"));
    const gate = join(home, "..", `${basename(home)}-gate`);
    const env = { ...process.env, STEMMA_SANDBOX: sandbox };
    const start = async (): Promise<{ engine: EngineProcess; client: PachydermClient }> => {
      const engine = new EngineProcess({ env });
      await engine.loaded();
      return { engine, client: new PachydermClient({ address: (await engine.start(home)) ?? expect.fail(engine.log) }) };
    };
    const first = await start();
    const { client } = first;
    await client.createRepo(repo("data"));
    await client.modifyBranch(branch("data"), [put("/a", "1")]);
    const script = `[ -e ${gate} ] || { setsid sleep 1000 & echo waiting; exec sleep 1000; }; cp /pfs/data/a /pfs/out`;
    await client.createPipeline(shellSpec("copy", "data", script));
    for await (const line of client.logs({ pipeline: pipeline("copy"), follow: true })) if (line.message === "waiting") break;
    const [job] = await Array.fromAsync(client.listJobs());
    const id = job?.job.id ?? "";
    expect(processesWith("PACH_JOB_ID", id)).not.toEqual([]);

    client.close();
    await first.engine.kill();
    await writeFile(gate, "");
    const second = await start();
    await expect.poll(() => processesWith("PACH_JOB_ID", id).length, { timeout: 10_000 }).toBe(0);
    expect((await second.client.inspectJob({ pipeline: pipeline("copy"), id }, { wait: true })).state).toBe("JOB_SUCCESS");
    expect(await readAll(second.client, "copy")).toEqual({ "/a": "1" });
    expect(await readdir(join(home, "work"))).toEqual([]);
    second.client.close();
    await second.engine.kill();
    await rm(home, { recursive: true });
    await rm(gate);
  },
);
