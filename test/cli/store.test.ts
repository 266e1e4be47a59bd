import { Server, ServerCredentials } from "@grpc/grpc-js";
import { readdir, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { type TestEngine, commitFiles, put, branch, readAll, repo, startTestEngine } from "../helpers/engine.ts";
import { type CommandResult, stemma, testContext } from "./terminal.ts";

const LARGE = "large;".repeat(20_000);

let running: TestEngine;
beforeEach(async () => {
  running = await startTestEngine();
  await running.client.createRepo(repo("kept"));
  await running.client.createRepo(repo("gone"));
});
afterEach(() => running.close());

function run(...argv: string[]): Promise<CommandResult> {
  return stemma(argv, { cwd: running.home, env: { PACHD_ADDRESS: running.engine.address } });
}

/** What a terminal would be shown beside the results. */
async function status(...argv: string[]): Promise<string> {
  let err = "";
  const place = { cwd: running.home, env: { PACHD_ADDRESS: running.engine.address } };
  const context = testContext(place, { stdout: { isTTY: true, columns: 80 }, err: (text) => (err += text) });
  await runProgram(context, argv);
  return err;
}

async function objectFiles(): Promise<string[]> {
  const all = await readdir(join(running.home, "objects"), { recursive: true, withFileTypes: true });
  return all.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
}

describe("stemma gc", () => {
  beforeEach(async () => {
    await commitFiles(running.client, "kept", { "/small": "1", "/large": LARGE });
    await commitFiles(running.client, "gone", { "/small": "2", "/larger": `${LARGE}!` });
    await running.client.deleteRepo(repo("gone"));
  });

  test("with --dry-run says what it would remove, then removes it, then finds nothing", async () => {
    const found = /^(would remove|removed) 2 objects, 1 tree node: 117\.\d KiB\n$/;
    expect(await run("gc", "--dry-run")).toEqual({ code: 0, out: expect.stringMatching(found), err: "" });
    expect(await objectFiles()).toHaveLength(2);
    expect(await run("gc")).toEqual({ code: 0, out: expect.stringMatching(found), err: "" });
    expect(await objectFiles()).toHaveLength(1);
    expect(await run("gc")).toEqual({ code: 0, out: "nothing to remove\n", err: "" });
    expect(await readAll(running.client, "kept")).toEqual({ "/small": "1", "/large": LARGE });
  });

  test("prints numbers as JSON, and on a terminal what it is at", async () => {
    const { out } = await run("gc", "-o", "json");
    expect(JSON.parse(out)).toEqual({ dryRun: false, kept: 3, objects: 2, nodes: 1, unfinished: 0, bytes: expect.any(Number) });
    expect(await status("gc")).toMatch(/needed, 0 B to remove/);
  });

  test("says of a Pachyderm cluster that it does that by itself", async () => {
    const server = new Server();
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    try {
      expect(await run("gc", "--pachd", `127.0.0.1:${port}`)).toEqual({
        code: 1,
        out: "",
        err: `stemma: Pachyderm at 127.0.0.1:${port} removes what nothing refers to by itself.\n`,
      });
    } finally {
      server.forceShutdown();
    }
  });
});

describe("stemma fsck", () => {
  test("finds no errors where there are none", async () => {
    await commitFiles(running.client, "kept", { "/small": "1", "/large": LARGE });
    expect(await run("fsck")).toEqual({ code: 0, out: "no errors found\n", err: "" });
    expect(JSON.parse((await run("fsck", "-o", "json")).out)).toEqual({ findings: [] });
    expect(await status("fsck")).toMatch(/checking for 0 s, 0 findings/);
  });

  test("names the file that an object is missing of, and exits with 5", async () => {
    const id = await commitFiles(running.client, "kept", { "/large": LARGE });
    for (const file of await objectFiles()) await rm(file);
    const text = expect.stringMatching(`^object [0-9a-f]{64} is missing: 1 commit needs it \\(default/kept@${id}:/large\\)$`);
    const { code, out } = await run("fsck");
    expect({ code, out: out.replace(/^error: /, "").trimEnd() }).toEqual({ code: 5, out: text });
    const json = await run("fsck", "-o", "json");
    expect({ code: json.code, ...JSON.parse(json.out) }).toEqual({ code: 5, findings: [{ kind: "error", text }] });
    expect(await run("get", "kept@master:/large")).toMatchObject({
      code: 5,
      err: expect.stringMatching(
        `^stemma: file /large of default/kept@${id} is damaged, as object [0-9a-f]{64} is missing; \`stemma fsck\` says what else is\n$`,
      ),
    });
    await running.client.modifyBranch(branch("gone"), [put("/again", LARGE)]);
    expect(await run("fsck")).toMatchObject({ code: 0 });
  });

  test("with --fix removes what is damaged and needed by nobody, and exits with 0", async () => {
    await commitFiles(running.client, "gone", { "/large": LARGE });
    await running.client.deleteRepo(repo("gone"));
    for (const file of await objectFiles()) await truncate(file, 10);
    expect(await run("fsck")).toMatchObject({
      code: 5,
      out: expect.stringMatching(/no commit needs it, so it can be removed\n$/),
    });
    const fixed = /^fixed: removed object [0-9a-f]{64}, which is damaged and needed by no commit\n$/;
    expect(await run("fsck", "--fix")).toEqual({ code: 0, out: expect.stringMatching(fixed), err: "" });
    expect(await run("fsck")).toMatchObject({ code: 0, out: "no errors found\n" });
  });
});
