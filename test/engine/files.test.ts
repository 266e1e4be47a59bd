import { credentials } from "@grpc/grpc-js";
import { extract } from "tar-stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadProtocol } from "../../src/pachyderm/protocol.ts";
import { type TestEngine, branch, commitFiles, repo, startTestEngine } from "../helpers/engine.ts";

const protocol = loadProtocol();

/** A file of the newest commit, as the wire names it. */
function wireFile(path: string) {
  return { commit: { repo: { name: "data", type: "user", project: { name: "default" } }, id: "master" }, path };
}

/** The paths of a listing, in its order. */
async function paths(files: AsyncIterable<{ readonly path: string }>): Promise<string[]> {
  return (await Array.fromAsync(files)).map(({ path }) => path);
}

describe("files of the embedded engine", () => {
  let running: TestEngine;
  let pfs: InstanceType<typeof protocol.pfs_v2.API>;

  beforeAll(async () => {
    running = await startTestEngine();
    pfs = new protocol.pfs_v2.API(running.engine.address, credentials.createInsecure());
    await running.client.createRepo(repo("data"));
    await commitFiles(running.client, "data", { "/a.txt": "one", "/a-b": "dash", "/a/x": "1", "/a/y/z": "22", "/b/x": "1" });
    await commitFiles(running.client, "data", { "/a/y/z": "333", "/new": "n" });
  });
  afterAll(async () => {
    pfs.close();
    await running.close();
  });

  const query = { repo: repo("data"), at: "master" };

  async function hash(path: string, at = "master"): Promise<string> {
    return (await running.client.inspectFile({ ...query, at }, path)).hash;
  }

  async function read(path: string, offset?: number): Promise<string> {
    return Buffer.concat(await Array.fromAsync(running.client.readFile(query, path, offset))).toString();
  }

  test("a listing has files and folders in the order of their stored paths, with the sizes of all below", async () => {
    const listed = await Array.fromAsync(running.client.listFiles(query, "/"));
    expect(listed.map(({ path, type, sizeBytes }) => [path, type, sizeBytes])).toEqual([
      ["/a-b", "FILE", 4],
      ["/a.txt", "FILE", 3],
      ["/a/", "DIR", 4],
      ["/b/", "DIR", 1],
      ["/new", "FILE", 1],
    ]);
    expect(await paths(running.client.listFiles(query, "/a.txt"))).toEqual(["/a.txt"]);
    expect(await paths(running.client.listFiles(query, "/nothing"))).toEqual([]);
  });

  test("a walk is depth first and begins with the folder itself", async () => {
    expect(await paths(running.client.walkFiles(query, "/a"))).toEqual(["/a/", "/a/x", "/a/y/", "/a/y/z"]);
    await expect(paths(running.client.walkFiles(query, "/nothing"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test.each([
    ["/", ["/"]],
    ["/*", ["/a-b", "/a.txt", "/a/", "/b/", "/new"]],
    ["/*/*", ["/a/x", "/a/y/", "/b/x"]],
    ["/a*", ["/a-b", "/a.txt", "/a/"]],
    ["/**", ["/a-b", "/a.txt", "/a/", "/a/x", "/a/y/", "/a/y/z", "/b/", "/b/x", "/new"]],
    ["/{a,b}/x", ["/a/x", "/b/x"]],
    ["/a/x", ["/a/x"]],
    ["/nothing*", []],
  ])("the pattern %s matches %j", async (pattern, expected) => {
    expect(await paths(running.client.globFiles(query, pattern))).toEqual(expected);
  });

  test("equal content has an equal hash, wherever it lies, and a folder's depends on what is in it", async () => {
    expect(await hash("/a/x")).toBe(await hash("/b/x"));
    expect(await hash("/b/")).toBe(await hash("/b/", "master^"));
    expect(await hash("/a/")).not.toBe(await hash("/a/", "master^"));
  });

  test("a read can begin anywhere, and has to name one file", async () => {
    expect(await read("/a-b", 2)).toBe("sh");
    expect(await read("/a-*")).toBe("dash");
    await expect(read("/a*")).rejects.toThrow("matched multiple files. Use GetFileTAR instead");
    await expect(read("/b")).rejects.toThrow("cannot get directory or non-regular file. Use GetFileTAR instead");
    await expect(read("/nothing")).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("file /nothing not found in repo default/data at commit"),
    });
  });

  test("a tar file has the folders and files with their absolute names and their bytes", async () => {
    const tar = extract();
    const bytes = await Array.fromAsync(
      pfs.GetFileTAR({ file: wireFile("/a") }),
      (piece: { value?: Buffer }) => piece.value ?? Buffer.alloc(0),
    );
    tar.end(Buffer.concat(bytes));
    const found: Record<string, string> = {};
    for await (const entry of tar)
      found[entry.header.name] = Buffer.concat(await Array.fromAsync(entry as AsyncIterable<Buffer>)).toString();
    expect(found).toEqual({ "/a/": "", "/a/x": "1", "/a/y/": "", "/a/y/z": "333" });
  });

  test("a diff names what changed since the parent, and the folders above it", async () => {
    type Side = { file?: { path?: string } } | undefined;
    const changes = await Array.fromAsync(
      pfs.DiffFile({ new_file: wireFile("/") }),
      ({ new_file, old_file }: { new_file?: Side; old_file?: Side }) => [old_file?.file?.path, new_file?.file?.path],
    );
    expect(changes).toEqual([
      ["/", "/"],
      ["/a/", "/a/"],
      ["/a/y/", "/a/y/"],
      ["/a/y/z", "/a/y/z"],
      [undefined, "/new"],
    ]);
  });

  test("a file larger than a chunk and a message comes back as it was put, also after an append", async () => {
    const large = Buffer.alloc(9 * 1024 * 1024 + 7, "0123456789");
    await running.client.modifyBranch(branch("data", "large"), [{ kind: "put", path: "/l", content: large }]);
    await running.client.modifyBranch(branch("data", "large"), [
      { kind: "put", path: "/l", content: Buffer.from("end"), append: true },
    ]);
    const back = Buffer.concat(await Array.fromAsync(running.client.readFile({ ...query, at: "large" }, "/l")));
    expect(back.equals(Buffer.concat([large, Buffer.from("end")]))).toBe(true);
  });
});

describe("calls that the embedded engine does not have", () => {
  let running: TestEngine;

  beforeAll(async () => {
    running = await startTestEngine();
  });
  afterAll(() => running.close());

  test("are UNIMPLEMENTED with a text that says where to go", async () => {
    const pfs = new protocol.pfs_v2.API(running.engine.address, credentials.createInsecure());
    const pps = new protocol.pps_v2.API(running.engine.address, credentials.createInsecure());
    const unary = new Promise((_, reject) => pfs.ClearCache({}, reject));
    await expect(unary).rejects.toThrow(
      "12 UNIMPLEMENTED: the embedded engine does not implement /pfs_v2.API/ClearCache; a Pachyderm cluster does",
    );
    await expect(Array.fromAsync(pps.QueryLoki({}))).rejects.toThrow(
      "12 UNIMPLEMENTED: the embedded engine does not implement /pps_v2.API/QueryLoki",
    );
    for (const client of [pfs, pps]) client.close();
  });

  test("of access control answer as a pachd does whose auth is not activated", async () => {
    const auth = new protocol.auth_v2.API(running.engine.address, credentials.createInsecure());
    await expect(new Promise((_, reject) => auth.WhoAmI({}, reject))).rejects.toThrow(
      "12 UNIMPLEMENTED: the auth service is not activated",
    );
    auth.close();
  });

  test("and those of a client that connects are there: its version and its id, which stays", async () => {
    const admin = new protocol.admin_v2.API(running.engine.address, credentials.createInsecure());
    const inspect = () =>
      new Promise((resolve, reject) =>
        admin.InspectCluster({}, (error, answer) => (error === null ? resolve(answer) : reject(error))),
      );
    expect(await inspect()).toMatchObject({ deployment_id: expect.stringMatching(/^[0-9a-f]{32}$/), warnings_ok: true });
    expect(await inspect()).toEqual(await inspect());
    expect(await running.client.version()).toBe("2.12.0");
    admin.close();
  });
});
