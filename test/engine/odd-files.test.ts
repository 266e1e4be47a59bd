import { Client, credentials, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GetFileRequest } from "../../src/pachyderm/generated/pfs_v2/GetFileRequest.ts";
import type { ModifyFileRequest } from "../../src/pachyderm/generated/pfs_v2/ModifyFileRequest.ts";
import { pfs } from "../../src/pachyderm/services.ts";
import { type TestEngine, branch, commitFiles, readAll, repo, startTestEngine } from "../helpers/engine.ts";

const wire = { name: "data", type: "user", project: { name: "default" } };
const master = { repo: wire, branch: { repo: wire, name: "master" } };

// Where pachd panics, or damages what it has stored, the engine answers as it should be answered.
describe("what pachd has no good answer to", () => {
  let running: TestEngine;
  let client: Client;
  beforeAll(async () => {
    running = await startTestEngine();
    await running.client.createRepo(repo("data"));
    await commitFiles(running.client, "data", { "/a": "12345", "/d/x": "1" });
    client = new Client(running.engine.address, credentials.createInsecure());
  });
  afterAll(async () => {
    client.close();
    await running.close();
  });

  function send(...messages: ModifyFileRequest[]): Promise<string> {
    const { path, requestSerialize, responseDeserialize } = pfs.ModifyFile;
    return new Promise((resolve) => {
      const call = client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, (error) =>
        resolve(error === null ? "OK" : `${status[error.code]} ${error.details}`),
      );
      for (const message of messages) call.write(message);
      call.end();
    });
  }

  async function get(request: Omit<GetFileRequest, "file">): Promise<string> {
    const { path, requestSerialize, responseDeserialize } = pfs.GetFile;
    const whole = { file: { commit: master, path: "/a" }, ...request };
    const pieces = await Array.fromAsync(client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, whole));
    return Buffer.concat(pieces.map((piece) => (piece as { value: Buffer }).value)).toString();
  }

  test("an offset before the beginning is refused, and one behind the end reads nothing", async () => {
    await expect(get({ offset: -1 })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(await get({ offset: 4 })).toBe("5");
    expect(await get({ offset: 5 })).toBe("");
    expect(await get({ offset: "9007199254740991" })).toBe("");
  });

  test("a datum with a line break is refused", async () => {
    const text = 'INVALID_ARGUMENT the datum "a\\nb" has a line break';
    expect(await send({ set_commit: master }, { add_file: { path: "/x", datum: "a\nb" } })).toBe(text);
  });

  test("the root is no file", async () => {
    const commit = { set_commit: master };
    expect(await send(commit, { add_file: { path: "/" } })).toBe("INVALID_ARGUMENT path (/) invalid: it is the root directory");
    const copy = { dst: "/", src: { commit: master, path: "/a" } };
    expect(await send(commit, { copy_file: copy })).toBe("INVALID_ARGUMENT path (/) invalid: it is the root directory");
  });

  test.each(["/é", "/a*b", "/../q", ""])("the destination %j of a copy is checked like any other path", async (dst) => {
    const copy = { copy_file: { dst, src: { commit: master, path: "/a" } } };
    expect(await send({ set_commit: master }, copy)).toContain(`UNKNOWN path (${dst}) invalid: `);
  });

  test("a directory may be copied to the root", async () => {
    const target = { repo: wire, branch: { repo: wire, name: "copied" } };
    expect(await send({ set_commit: target }, { copy_file: { dst: "/", src: { commit: master, path: "/d" } } })).toBe("OK");
    expect(await readAll(running.client, "data", "copied")).toEqual({ "/x": "1" });
  });

  test("a branch that is not there, given as a commit's id, is not found", async () => {
    const text = 'branch "nope" not found in repo default/data';
    expect(await send({ set_commit: { repo: wire, id: "nope" } }, { add_file: { path: "/x" } })).toContain(text);
  });

  test("a branch without a name has that of the commit's id", async () => {
    expect(await send({ set_commit: { repo: wire, id: "named", branch: { repo: wire } } }, { add_file: { path: "/x" } })).toBe(
      "OK",
    );
    expect(await readAll(running.client, "data", "named")).toEqual({ "/x": "" });
  });

  test("files of a commit whose base is unfinished cannot be read: nobody knows them yet", async () => {
    await running.client.createRepo(repo("up"));
    await running.client.createRepo(repo("base"));
    await running.client.createBranch(branch("base"), { provenance: [branch("up")] });
    await commitFiles(running.client, "up", { "/a": "1" });
    const listed = Array.fromAsync(running.client.listFiles({ repo: repo("base"), at: "master" }, "/"));
    await expect(listed).rejects.toThrow(/base commit default\/base@\w{32} for commit default\/base@\w{32} unfinished/);
  });
});
