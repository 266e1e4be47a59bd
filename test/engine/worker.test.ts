import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JobInfo } from "../../src/pachyderm/types.ts";
import {
  type TestEngine,
  commitFiles,
  pipeline,
  readAll,
  readText,
  repo,
  shellSpec,
  startTestEngine,
} from "../helpers/engine.ts";
import { processesWith } from "../helpers/job-processes.ts";

describe.each(["namespace", "rewrite"])("a worker, /pfs by %s", (sandbox) => {
  let engine: TestEngine;
  let folder: string;
  let names = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "stemma-worker-"));
    engine = await startTestEngine({ env: { STEMMA_SANDBOX: sandbox }, allowUrls: [pathToFileURL(folder).href] });
    // Without namespaces, another user has to get through it to its own folder.
    await chmod(engine.home, 0o711);
  });
  afterAll(async () => {
    await engine.close();
    await rm(folder, { recursive: true });
  });

  function urlOf(path: string): string {
    return pathToFileURL(join(folder, sandbox, path)).href;
  }

  interface Done {
    readonly name: string;
    readonly job: JobInfo;
    readonly log: string;
  }

  async function start(
    files: Record<string, string>,
    script: string,
    more: object = {},
  ): Promise<{ name: string; job: JobInfo["job"] }> {
    names += 1;
    const [input, name] = [`input${names}`, `pipeline${names}`];
    await engine.client.createRepo(repo(input));
    await commitFiles(engine.client, input, files);
    const leaf = { repo: input, name: "in", glob: "/*", ...("leaf" in more ? (more.leaf as object) : {}) };
    await engine.client.createPipeline(shellSpec(name, input, script, { input: { pfs: leaf }, ...more, leaf: undefined }));
    const [job] = await Array.fromAsync(engine.client.listJobs({ pipeline: pipeline(name) }));
    return { name, job: job?.job ?? expect.fail("no job") };
  }

  async function finish({ name, job }: { name: string; job: JobInfo["job"] }): Promise<Done> {
    const info = await engine.client.inspectJob(job, { wait: true });
    const lines = await Array.fromAsync(engine.client.logs({ pipeline: pipeline(name) }));
    return { name, job: info, log: lines.map(({ message }) => message).join("\n") };
  }

  async function run(files: Record<string, string>, script: string, more: object = {}): Promise<Done> {
    return finish(await start(files, script, more));
  }

  test.each([
    [
      "a name that PFS refuses, deep in the output",
      "mkdir -p /pfs/out/a/b; touch '/pfs/out/a/b/c*'",
      /cannot be stored: path \(\/a\/b\/c\*\) invalid/,
    ],
    ["a name that is no text", "touch /pfs/out/$(printf '\\303\\050')", /only printable ASCII characters allowed/],
    ["a link that leads in a circle", "cd /pfs/out; ln -s two one; ln -s one two", /\/one is a link that leads in a circle/],
    ["a link to a folder that it is in", "cd /pfs/out; mkdir sub; ln -s .. sub/up", /\/sub\/up links to a folder that it is in/],
    [
      "links by which two folders are in each other",
      "cd /pfs/out; mkdir a b; ln -s ../b a/x; ln -s ../a b/y",
      /links to a folder that it is in/,
    ],
    ["a link to the root", "ln -s / /pfs/out/root", /\/root links to a folder that it is in/],
    [
      "a link to what the command may not read",
      "ln -s /proc/1/root/nowhere /pfs/out/link",
      /\/link is a link that cannot be followed/,
    ],
    ["a link to a device", "ln -s /dev/zero /pfs/out/zero", /\/zero is (no file|a link that cannot be followed)/],
    ["a link in the place of /pfs/out", "rmdir /pfs/out; ln -s /etc /pfs/out", /\/pfs\/out is no folder any more/],
  ])("fails a datum whose output has %s, and says so", async (_, script, text) => {
    const { job, log, name } = await run({ "/a": "1" }, script);
    expect(job).toMatchObject({ state: "JOB_FAILURE", datums: { failed: 1 } });
    expect(log).toMatch(text);
    expect(await readAll(engine.client, name, job.job.id).catch(() => ({}))).toEqual({});
  });

  test("follows links through folders that are links, and to folders, and copies nothing twice", async () => {
    const script = `
      mkdir -p /pfs/out/real/sub; echo x > /pfs/out/real/sub/file
      ln -s real/sub /pfs/out/short; ln -s short/file /pfs/out/through; ln -s /pfs/in/a /pfs/out/input
      chain=$(mktemp -d); echo outside > $chain/file; ln -s $chain /pfs/out/folder`;
    const { name, job } = await run({ "/a": "1" }, script);
    expect(job.state).toBe("JOB_SUCCESS");
    expect(await readAll(engine.client, name)).toEqual({
      "/folder/file": "outside\n",
      "/input": "1",
      "/real/sub/file": "x\n",
      "/short/file": "x\n",
      "/through": "x\n",
    });
  });

  test("has an empty output where /pfs/out was removed", async () => {
    const { name, job } = await run({ "/a": "1" }, "rmdir /pfs/out");
    expect(job.state).toBe("JOB_SUCCESS");
    expect(await readAll(engine.client, name)).toEqual({});
  });

  test("stores a large file with holes in pieces", async () => {
    const { name, job } = await run({ "/a": "1" }, "truncate -s 20M /pfs/out/sparse; printf end >> /pfs/out/sparse");
    expect(job.state).toBe("JOB_SUCCESS");
    const { sizeBytes, hash } = await engine.client.inspectFile({ repo: repo(name), at: "master" }, "/sparse");
    expect([sizeBytes, hash.length > 0]).toEqual([20 * 1024 * 1024 + 3, true]);
  });

  test("gives each datum a /pfs of its own, whatever the one before has left there", async () => {
    const script =
      'ls -A /pfs /pfs/in | sort > "/pfs/out/$(basename "$in")"; mkdir -p /pfs/in/left /pfs/more; chmod 0 /pfs/in/left';
    const { name, job } = await run({ "/a": "1", "/b": "2" }, script);
    expect(job.state).toBe("JOB_SUCCESS");
    const seen = await readAll(engine.client, name);
    expect(Object.values(seen).map((text) => text.split("\n").filter((line) => !/^\/|^.*:$|^$/.test(line)))).toEqual([
      [".env", "a", "in", "out"],
      [".env", "b", "in", "out"],
    ]);
  });

  test("kills what a datum has started, also in a session of its own, before the next", async () => {
    const script = "setsid sleep 1000 < /dev/null > /dev/null 2>&1 & exit 0";
    const { job } = await run({ "/a": "1", "/b": "2" }, script);
    expect(job.state).toBe("JOB_SUCCESS");
    expect(processesWith("PACH_JOB_ID", job.job.id)).toEqual([]);
  });

  describe("with a lazy input", () => {
    const lazy = { leaf: { lazy: true } };

    test("feeds what is opened, and waits for no reader", async () => {
      const large = "x".repeat(300_000);
      const script =
        "head -c 3 /pfs/in/d/large > /pfs/out/head; cat /pfs/in/d/small > /pfs/out/small; ls /pfs/in/d > /pfs/out/names";
      const { name, job } = await run({ "/d/large": large, "/d/small": "s", "/d/unread": "u" }, script, lazy);
      expect(job.state).toBe("JOB_SUCCESS");
      expect(await readAll(engine.client, name)).toEqual({ "/head": "xxx", "/names": "large\nsmall\nunread\n", "/small": "s" });
    });

    test("counts what was read as what was downloaded", async () => {
      const { job } = await run({ "/d/read": "12345", "/d/unread": "678" }, "cat /pfs/in/d/read", lazy);
      expect(job.stats.downloadBytes).toBe(5);
    });

    test("stores what a link to it stands for, though nobody has read it", async () => {
      const { name } = await run({ "/d/a": "12345" }, "ln -s /pfs/in/d/a /pfs/out/one; ln -s /pfs/in/d /pfs/out/all", lazy);
      expect(await readAll(engine.client, name)).toEqual({ "/all/a": "12345", "/one": "12345" });
    });

    test("ends when its time is up, also while somebody reads", async () => {
      const script = "exec 3< /pfs/in/a; exec sleep 1000";
      const { job, log } = await run({ "/a": "x".repeat(300_000) }, script, { ...lazy, datum_timeout: "0.5s" });
      expect(job.state).toBe("JOB_FAILURE");
      expect(log).toContain("attempt 1 of 1 failed: datum timed out after 0.5s");
    });
  });

  test("mounts a secret as files that only the command can read, and takes them away again", async () => {
    const value = "top secret value";
    await engine.client.createSecret("mounted", { token: value });
    const script = "stat -c %a /var/login/token > /pfs/out/mode; echo /var/login > /pfs/out/where; cat /var/login/token";
    const secrets = [{ name: "mounted", mount_path: "/var/login" }];
    const { name, job, log } = await run({ "/a": "1" }, "", { transform: { cmd: ["sh", "-e", "-c", script], secrets } });
    expect(job.state).toBe("JOB_SUCCESS");
    expect(await readText(engine.client, name, "master", "/mode")).toBe("400\n");
    expect(log).toContain("***");
    expect(log).not.toContain(value);
    const where = (await readText(engine.client, name, "master", "/where")).trim();
    await expect(readFile(join(where, "token"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("keeps secrets, and what the engine has inherited, out of /pfs/.env and the meta repo", async () => {
    await engine.client.createSecret("variable", { token: "hidden-value" });
    const secrets = [{ name: "variable", key: "token", env_var: "TOKEN" }];
    const transform = { cmd: ["sh", "-c", "cat /pfs/.env > /pfs/out/env"], secrets, env: { OWN: "mine" } };
    const { name } = await run({ "/a": "1" }, "", { transform });
    const env = await readText(engine.client, name, "master", "/env");
    expect(env).toContain("OWN=mine\n");
    expect(env).not.toMatch(/hidden-value|^(PATH|HOME)=/m);
  });

  test("runs commands as the user that the spec names, or says why it cannot", async () => {
    const isRoot = process.getuid?.() === 0;
    const script = "id -un > /pfs/out/name; echo changed > /pfs/in/a; echo $HOME > /pfs/out/home";
    const { name, job } = await run({ "/a": "1" }, "", {
      // Where this user finds programs, another one may find none.
      transform: { cmd: ["sh", "-c", script], user: isRoot ? "nobody" : "root", env: { PATH: "/usr/bin:/bin" } },
    });
    const why = 'commands can run as the user "root" only where the engine runs as root';
    expect(job).toMatchObject(isRoot ? { state: "JOB_SUCCESS" } : { state: "JOB_FAILURE", reason: why });
    const { "/name": user, "/home": home } = await readAll(engine.client, name, job.job.id);
    expect(user).toBe(isRoot ? "nobody\n" : undefined);
    expect(home).not.toBe(`${process.env["HOME"]}\n`);
  });

  test("fails a job whose user there is not", async () => {
    const { job } = await run({ "/a": "1" }, "", { transform: { cmd: ["true"], user: "no-such-user" } });
    expect(job).toMatchObject({ state: "JOB_FAILURE", reason: 'this machine has no user "no-such-user"' });
  });

  test("says so where the working folder is not there", async () => {
    const { job, log } = await run({ "/a": "1" }, "", { transform: { cmd: ["true"], working_dir: "/no/such/folder" } });
    expect(job.state).toBe("JOB_FAILURE");
    expect(log).toMatch(/\/no\/such\/folder/);
  });

  test("takes datums in sets, and records all of a set", async () => {
    const files = Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`/${index}`, `${index}`]));
    const { job, name } = await run(files, "cp /pfs/in/* /pfs/out", {
      datum_set_spec: { number: 2 },
      parallelism_spec: { constant: 2 },
    });
    expect(job).toMatchObject({ state: "JOB_SUCCESS", datums: { processed: 5 } });
    expect(Object.keys(await readAll(engine.client, name))).toHaveLength(5);
  });

  describe("with egress", () => {
    test("writes the output to the URL", async () => {
      const { job } = await run({ "/a": "1" }, "mkdir /pfs/out/d; echo x > /pfs/out/d/file", { egress: { URL: urlOf("given") } });
      expect(job).toMatchObject({ state: "JOB_SUCCESS", reason: "" });
      expect(await readFile(join(folder, sandbox, "given", "d", "file"), "utf8")).toBe("x\n");
    });

    test.each([
      ["the URL is not allowed", "file:///elsewhere", "the engine may not use file:///elsewhere"],
      ["there is no such kind of URL", "ftp://example.org/x", "ftp://example.org/x"],
    ])("fails the job where %s", async (_, URL, text) => {
      const { job, name } = await run({ "/a": "1" }, "cp /pfs/in/a /pfs/out", { egress: { object_storage: { url: URL } } });
      expect(job).toMatchObject({ state: "JOB_FAILURE", reason: expect.stringContaining(text) });
      expect((await engine.client.inspectCommit({ repo: repo(name), at: job.job.id })).error).toBe(job.reason);
    });

    test("writes nothing of a job that has failed", async () => {
      await run({ "/a": "1" }, "echo x > /pfs/out/x; exit 1", { egress: { URL: urlOf("failed") } });
      await expect(readFile(join(folder, sandbox, "failed", "x"))).rejects.toMatchObject({ code: "ENOENT" });
    });
  });
});
