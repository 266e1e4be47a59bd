import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { logsCommand } from "../../src/cli/logs-command.ts";
import { type TestEngine, commitFiles, readAll, repo, shellSpec, startTestEngine } from "../helpers/engine.ts";
import { type CommandResult, stemma, testContext } from "./terminal.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

let running: TestEngine;
let cwd: string;
beforeAll(async () => {
  running = await startTestEngine();
});
afterAll(() => running.close());
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "stemma-data-"));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

function run(...argv: string[]): Promise<CommandResult> {
  return stemma(argv, { cwd, env: { PACHD_ADDRESS: running.engine.address } });
}

async function write(file: string, content: string): Promise<void> {
  await mkdir(dirname(join(cwd, file)), { recursive: true });
  await writeFile(join(cwd, file), content);
}

async function head(name: string): Promise<string> {
  return (await running.client.inspectCommit({ repo: repo(name), at: "master" })).commit.id;
}

/** `stemma` as a process of its own, for what goes through its standard input and output. */
function spawnStemma(input: string, ...argv: string[]) {
  const started = promisify(execFile)(process.execPath, [MAIN, ...argv], {
    cwd,
    env: { ...process.env, PACHD_ADDRESS: running.engine.address },
    encoding: "buffer",
  });
  started.child.stdin?.end(input);
  return started;
}

describe("stemma put", () => {
  test("puts a file under its name or a new one, and prints the commit", async () => {
    await write("a.txt", "one");
    const result = await run("put", "put1@master", "a.txt", "--create");
    expect(result).toEqual({ code: 0, out: `put1@${await head("put1")}\n`, err: "" });
    await run("put", "put1@master:/b.txt", "a.txt");
    await run("put", "put1@master:/folder/", "a.txt");
    expect(await readAll(running.client, "put1")).toEqual({ "/a.txt": "one", "/b.txt": "one", "/folder/a.txt": "one" });
  });

  test("puts folders with all below and many files as one commit, replacing or adding", async () => {
    await write("in/x/1.txt", "1");
    await write("in/2.txt", "2");
    await write("3.txt", "3");
    await run("put", "put2@master:/to", "in", "3.txt", "--create");
    expect(await readAll(running.client, "put2")).toEqual({ "/to/2.txt": "2", "/to/3.txt": "3", "/to/x/1.txt": "1" });
    await write("3.txt", "three");
    await run("put", "put2@master:/to/", "3.txt");
    await run("put", "put2@master:/to/", "3.txt", "--append");
    expect(await readAll(running.client, "put2")).toMatchObject({ "/to/3.txt": "threethree" });
    const commits = JSON.parse((await run("ls", "put2", "-o", "json")).out) as { commits: unknown[] };
    expect(commits.commits).toHaveLength(3);
  });

  test("prints the commit as JSON if wanted", async () => {
    await write("a.txt", "one");
    const { out } = await run("put", "put3@master", "a.txt", "--create", "-o", "json");
    expect(JSON.parse(out)).toMatchObject({ commit: { id: await head("put3"), repo: repo("put3") }, sizeBytes: 3 });
  });

  test("shows on a terminal how far it is", async () => {
    await write("a.txt", "one");
    const { putCommand } = await import("../../src/cli/put-command.ts");
    const said: string[] = [];
    const env = { PACHD_ADDRESS: running.engine.address };
    const context = testContext({ cwd, env }, { err: (text) => said.push(text), stdout: { isTTY: true, columns: 80 } });
    await putCommand(context).parseAsync(["put4@master", "a.txt", "--create"], { from: "user" });
    expect(said.at(-1)).toBe("\r\u001B[K1 of 1 files, 3 B\n");
  });

  test("takes standard input, and get gives it back byte by byte", async () => {
    await spawnStemma("piped\u0000\u00e9", "put", "put5@master:/in.bin", "-", "--create");
    expect((await spawnStemma("", "get", "put5@master:/in.bin")).stdout).toEqual(Buffer.from("piped\u0000\u00e9"));
  });

  test.each([
    [["nowhere@master", "a.txt"], 3, "there is no repo nowhere. Add --create to make it."],
    [["put1@master", "none.txt"], 3, "there is no file none.txt."],
    [["put1@master", "."], 2, "there are no files in .."],
    [["put1", "a.txt"], 2, '"put1" names no commit'],
    [["put1@master^", "a.txt"], 2, '"master^" is no branch'],
    [["put1.meta@master", "a.txt"], 2, "files can't be put into a meta repo."],
    [["put1@master", "-"], 2, "standard input has no name."],
    [["put1@master", "a.txt", "sub/a.txt"], 2, "two of the files would become /a.txt."],
  ])("refuses %j in one line", async (argv, code, line) => {
    if (!argv.includes(".")) {
      await write("a.txt", "1");
      await write("sub/a.txt", "1");
    }
    const result = await run("put", ...argv);
    expect(result.code).toBe(code);
    expect(result.err).toContain(line);
    expect(result.err).toMatch(/^stemma: [^\n]+\n$/);
  });
});

describe("stemma get", () => {
  test("writes a file or a folder where it is told to, and leaves nothing half done", async () => {
    await running.client.createRepo(repo("get1"));
    await commitFiles(running.client, "get1", { "/a.txt": "one", "/d/b.txt": "two", "/d/e/c.txt": "three", "/empty": "" });
    expect((await run("get", "get1@master:/a.txt", "-o", "copy.txt")).code).toBe(0);
    await run("get", "get1@master:/empty", "-o", ".");
    await run("get", "get1@master:/d/", "-o", "folder");
    await run("get", "get1@master:/", "-o", "all");
    const files = await readdir(cwd, { recursive: true, withFileTypes: true });
    const contents = await Promise.all(
      files
        .filter((entry) => entry.isFile())
        .map(async (entry) => {
          const file = join(entry.parentPath, entry.name);
          return [file.slice(cwd.length), await readFile(file, "utf8")] as const;
        }),
    );
    expect(Object.fromEntries(contents)).toEqual({
      "/copy.txt": "one",
      "/empty": "",
      "/folder/b.txt": "two",
      "/folder/e/c.txt": "three",
      "/all/a.txt": "one",
      "/all/d/b.txt": "two",
      "/all/d/e/c.txt": "three",
      "/all/empty": "",
    });
  });

  test.each([
    ["get2@master", 2, "there is no path."],
    ["get2@master:/", 2, "/ is a folder. Add -o FOLDER"],
    ["get2@master:/none", 3, "/none"],
    ["get2@other:/a", 3, "other"],
    ["none@master:/a", 3, "repo default/none not found"],
  ])("says in one line why not %s", async (what, code, line) => {
    await running.client.createRepo(repo("get2"), { update: true });
    await commitFiles(running.client, "get2", { "/a": "1" });
    const result = await run("get", what);
    expect(result.code).toBe(code);
    expect(result.err).toContain(line);
    expect(result.err).toMatch(/^stemma: [^\n]+\n$/);
  });
});

describe("stemma ls", () => {
  test("lists repos, commits and files", async () => {
    await running.client.createRepo(repo("ls1"), { description: "first\nlist" });
    const older = await commitFiles(running.client, "ls1", { "/a.txt": "one" });
    const newer = await commitFiles(running.client, "ls1", { "/d/b.txt": "x".repeat(2048) });
    expect((await run("ls")).out).toMatch(
      /^REPO +CREATED +SIZE +BRANCHES +DESCRIPTION\n(?:.*\n)*ls1 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ +2\.0 KiB +master +first list\n/,
    );
    const commits = (await run("ls", "ls1")).out.split("\n").map((line) => line.split(/ {2,}/));
    expect(commits.map((line) => line[0])).toEqual(["COMMIT", newer, older, ""]);
    expect(commits.map((line) => line[1])).toEqual(["BRANCH", "master", expect.stringMatching(/Z$/), undefined]);
    expect(await run("ls", "ls1", "-n", "1")).toMatchObject({
      out: expect.not.stringContaining(older) as string,
      err: /-n 0 lists all/,
    });
    expect((await run("ls", "ls1@master")).out).toBe("SIZE     PATH\n3 B      /a.txt\n2.0 KiB  /d/\n");
    expect((await run("ls", "ls1@master:/d")).out).toBe("SIZE     PATH\n2.0 KiB  /d/b.txt\n");
    const { out } = await run("ls", "ls1@master^", "-o", "json");
    expect(JSON.parse(out)).toMatchObject({ commit: { id: older }, files: [{ path: "/a.txt", sizeBytes: 3 }] });
  });

  test.each([
    [["none"], 3, "none"],
    [["ls1@master:/none"], 3, "there is no /none in ls1@"],
    [["a b"], 2, '"a b" is no name. Write NAME or PROJECT/NAME.'],
    [["ls1", "-n", "x"], 2, "whole number"],
  ])("says in one line why not %j", async (argv, code, line) => {
    await running.client.createRepo(repo("ls1"), { update: true });
    await commitFiles(running.client, "ls1", { "/a.txt": "one" });
    const result = await run("ls", ...argv);
    expect(result.code).toBe(code);
    expect(result.err).toContain(line);
    expect(result.err).toMatch(/^stemma: [^\n]+\n$/);
  });
});

describe("stemma jobs, logs and delete", () => {
  test("wait for the jobs of a commit, show what they printed, and tell by the exit code how they went", async () => {
    const { client } = running;
    await client.createRepo(repo("work"));
    await client.createPipeline(shellSpec("fine", "work", "echo fine so far; cp /pfs/work/* /pfs/out/"));
    await client.createPipeline(shellSpec("picky", "work", "if test -e /pfs/work/bad; then echo no; exit 3; fi"));
    await commitFiles(client, "work", { "/good": "1" });
    const good = await run("jobs", "--wait", "work@master");
    expect(good).toMatchObject({ code: 0, err: "" });
    expect(good.out).toMatch(/^JOB +STATE +CREATED +TOOK +DATUMS +REASON\n/);
    expect(good.out).toMatch(new RegExp(`^fine@${await head("work")} +success .* 1 of 1$`, "m"));
    await commitFiles(client, "work", { "/bad": "1" });
    const bad = await run("jobs", "--wait", await head("work"), "-o", "json");
    expect(bad.code).toBe(1);
    const { jobs } = JSON.parse(bad.out) as { jobs: { job: { pipeline: { name: string } }; state: string }[] };
    expect(new Map(jobs.map((info) => [info.job.pipeline.name, info.state]))).toEqual(
      new Map([
        ["fine", "JOB_SUCCESS"],
        ["picky", "JOB_FAILURE"],
      ]),
    );
    expect((await run("jobs", "fine", "--wait", "work@master")).code).toBe(0);
    expect((await run("jobs", "fine")).out).not.toContain("picky");
    expect((await run("logs", `fine@${await head("work")}`)).out).toBe("fine so far\n");
    expect((await run("logs", "fine", "--tail", "1", "-o", "json")).out).toMatch(/^\{.*"message":"fine so far.*\}\n$/);
    expect(await run("logs", "none")).toMatchObject({ code: 3 });
  });

  test("follow a log until the signal", async () => {
    const { client } = running;
    await client.createRepo(repo("endless"));
    await client.createPipeline(shellSpec("ticking", "endless", "echo tick; sleep 600"));
    await commitFiles(client, "endless", { "/1": "1" });
    const env = { PACHD_ADDRESS: running.engine.address };
    const abort = new AbortController();
    const said: string[] = [];
    const context = testContext(
      { cwd, env },
      {
        out: (text) => {
          said.push(text);
          abort.abort();
        },
        signal: abort.signal,
      },
    );
    await logsCommand(context).parseAsync(["ticking@master", "-f"], { from: "user" });
    expect(said).toEqual(["tick\n"]);
    await client.deletePipeline({ project: "default", name: "ticking" });
  });

  test("delete a pipeline, a repo, and one that is read only by force", async () => {
    const { client } = running;
    await client.createRepo(repo("old"));
    await client.createPipeline(shellSpec("reader", "old", "true"));
    expect(await run("delete", "repo", "old")).toMatchObject({ code: 1, err: /^stemma: [^\n]*cannot be deleted[^\n]*\n$/ });
    expect(await run("delete", "pipeline", "reader")).toEqual({ code: 0, out: "deleted pipeline reader\n", err: "" });
    expect(await run("delete", "repo", "old", "--force")).toEqual({ code: 0, out: "deleted repo old\n", err: "" });
    expect(await run("delete", "repo", "old")).toMatchObject({ code: 3, err: "stemma: repo default/old not found\n" });
    expect(await run("delete", "branch", "old")).toMatchObject({ code: 2 });
  });
});
