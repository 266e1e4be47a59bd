import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type ServiceError, credentials, status } from "@grpc/grpc-js";
import type { MethodDefinition } from "@grpc/proto-loader";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseUrl } from "../../../src/engine/urls/access.ts";
import { allowUrls } from "../../../src/engine/urls/urls.ts";
import { pfs } from "../../../src/pachyderm/services.ts";
import { type TestEngine, commitFiles, readAll, repo, startTestEngine } from "../../helpers/engine.ts";

const wire = { name: "data", type: "user", project: { name: "default" } };
const head = (branch: string) => ({ repo: wire, branch: { repo: wire, name: branch } });
type Method<Request, Reply> = MethodDefinition<Request, object, object, Reply>;

/** An engine, with the calls that our own client does not make. */
class Calls {
  readonly #client: Client;

  constructor({ engine }: TestEngine) {
    this.#client = new Client(engine.address, credentials.createInsecure());
  }

  /** Adds what a URL stands for to a branch. */
  add(branch: string, url: string, { path = "/in", recursive = false } = {}): Promise<void> {
    const { path: name, requestSerialize, responseDeserialize } = pfs.ModifyFile;
    return new Promise((resolve, reject) => {
      const done = (error: Error | null): void => (error === null ? resolve() : reject(error));
      const call = this.#client.makeClientStreamRequest(name, requestSerialize, responseDeserialize, done);
      call.write({ set_commit: head(branch) });
      call.write({ add_file: { path, url: { URL: url, recursive } } });
      call.end();
    });
  }

  /** Has files written to a URL. */
  async get(method: "GetFile" | "GetFileTAR", path: string, url: string): Promise<void> {
    const { path: name, requestSerialize, responseDeserialize } = pfs[method];
    const request = { file: { commit: head("master"), path }, URL: url };
    const stream = this.#client.makeServerStreamRequest(name, requestSerialize, responseDeserialize, request);
    for await (const message of stream) throw new Error(`a message came: ${JSON.stringify(message)}`);
  }

  egress(target: object): Promise<object> {
    return this.#call(pfs.Egress, { commit: head("master"), ...target });
  }

  close(): void {
    this.#client.close();
  }

  #call<Request, Reply>(method: Method<Request, Reply>, request: Request): Promise<Reply> {
    const { path, requestSerialize, responseDeserialize } = method;
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, reply) =>
        error === null && reply !== undefined ? resolve(reply) : reject(error ?? new Error("no reply")),
      );
    });
  }
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => expect.fail("it was accepted"),
    (reason: ServiceError) => reason,
  );
  return `${status[error.code]} ${error.details}`;
}

let folder: string;
let allowed: string;
let running: TestEngine;
let calls: Calls;
let web: Server;
let other: Server;

const at = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const here = (path: string): string => `file://${allowed}/${path}`;
const NOT_ALLOWED = "start it with --allow-url and a beginning of that URL to allow it";

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "stemma-urls-")));
  allowed = join(folder, "allowed");
  await mkdir(join(allowed, "in", "deep"), { recursive: true });
  await mkdir(join(folder, "secret"));
  await writeFile(join(allowed, "in", "one.txt"), "1");
  await writeFile(join(allowed, "in", "deep", "two.txt"), "22");
  await writeFile(join(folder, "secret", "key"), "secret");
  web = createServer((request, response) => {
    if (request.url === "/sets/a.csv") response.end("a,b");
    else if (request.url === "/sets/moved") response.writeHead(302, { location: "/sets/a.csv" }).end();
    else if (request.url === "/sets/away") response.writeHead(302, { location: `${at(other)}/a.csv` }).end();
    else if (request.url === "/sets/up") response.writeHead(302, { location: "../private" }).end();
    else if (request.url === "/sets/round") response.writeHead(302, { location: "/sets/round" }).end();
    else response.writeHead(404).end("what is not there");
  }).listen(0, "127.0.0.1");
  other = createServer((_, response) => response.end("elsewhere")).listen(0, "127.0.0.1");
  await Promise.all([once(web, "listening"), once(other, "listening")]);
  running = await startTestEngine({ allowUrls: [`file://${allowed}`, `${at(web)}/sets`] });
  await running.client.createRepo(repo("data"));
  await commitFiles(running.client, "data", { "/a": "1", "/d/x": "22", "/d/e/y": "333" });
  calls = new Calls(running);
});
afterAll(async () => {
  calls.close();
  web.close();
  other.close();
  await running.close();
  await rm(folder, { recursive: true });
});

describe("without a URL that is allowed", () => {
  test("none is read or written, and the refusal says how to allow one", async () => {
    const strict = await startTestEngine();
    await strict.client.createRepo(repo("data"));
    await commitFiles(strict.client, "data", { "/a": "1" });
    const refused = new Calls(strict);
    expect(await refusal(refused.add("b", here("in/one.txt")))).toContain(NOT_ALLOWED);
    expect(await refusal(refused.add("b", `${at(web)}/sets/a.csv`))).toContain(NOT_ALLOWED);
    expect(await refusal(refused.get("GetFile", "/a", here("out")))).toContain(NOT_ALLOWED);
    expect(await refusal(refused.egress({ object_storage: { url: "s3://bucket/out" } }))).toContain(NOT_ALLOWED);
    refused.close();
    await strict.close();
  });
});

describe("a file: URL", () => {
  test("of a file puts its bytes", async () => {
    await calls.add("file", here("in/one.txt"), { path: "/put.txt" });
    expect(await readAll(running.client, "data", "file")).toEqual({ "/put.txt": "1" });
  });

  test("of a folder puts all below it, if it is asked for", async () => {
    await calls.add("folder", here("in"), { path: "/all", recursive: true });
    expect(await readAll(running.client, "data", "folder")).toEqual({ "/all/one.txt": "1", "/all/deep/two.txt": "22" });
    expect(await refusal(calls.add("no", here("in")))).toContain("is a folder: ask for it with recursive");
  });

  test.each([
    ["beside the allowed folder", "../secret/key"],
    ["that only begins like it", "../allowed-not/key"],
    ["hidden behind dots", "in/../../secret/key"],
    ["hidden behind encoded dots", "in/%2e%2e/%2E%2e/secret/key"],
  ])("%s is refused", async (_, path) => {
    expect(await refusal(calls.add("no", here(path)))).toContain(NOT_ALLOWED);
  });

  test.each(["in%2f..%2f..%2fsecret", "in%5c..%5csecret", "in/one.txt%00"])(
    "with the encoded slash of %s is refused",
    async (path) => {
      expect(await refusal(calls.add("no", here(path)))).toContain("INVALID_ARGUMENT the URL ");
    },
  );

  test("that is not there is not found, and leaves no commit", async () => {
    expect(await refusal(calls.add("no", here("in/zzz")))).toContain("NOT_FOUND there is no file ");
    const branches = await Array.fromAsync(running.client.listBranches(repo("data")), ({ branch }) => branch.name);
    expect(branches).not.toContain("no");
  });

  test("may go through links that stay inside, and not through others, also deep in a folder", async () => {
    await mkdir(join(allowed, "links"));
    await symlink(join(allowed, "in", "one.txt"), join(allowed, "links", "inside"));
    await calls.add("links", here("links"), { path: "/l", recursive: true });
    expect(await readAll(running.client, "data", "links")).toEqual({ "/l/inside": "1" });
    await symlink(join(folder, "secret"), join(allowed, "links", "outside"));
    expect(await refusal(calls.add("no", here("links/outside/key")))).toContain("which is outside of what --allow-url allows");
    expect(await refusal(calls.add("no", here("links"), { recursive: true }))).toContain("which is outside of what --allow-url");
  });

  test("of a folder with a link to itself is refused, and not read for ever", async () => {
    await mkdir(join(allowed, "round"));
    await symlink(".", join(allowed, "round", "again"));
    expect(await refusal(calls.add("no", here("round"), { recursive: true }))).toContain(`leads back to ${allowed}/round`);
  });

  test("of a pipe is refused, and waits for nobody", async () => {
    execFileSync("mkfifo", [join(allowed, "pipe")]);
    expect(await refusal(calls.add("no", here("pipe")))).toContain("is neither a file nor a folder");
  });

  test("gets the files of a commit, each at its path", async () => {
    await calls.get("GetFile", "/a", here("out"));
    await calls.get("GetFileTAR", "/d", here("out"));
    expect((await readdir(join(allowed, "out"), { recursive: true })).sort()).toEqual(["a", "d", "d/e", "d/e/y", "d/x"]);
    expect(await readFile(join(allowed, "out", "d", "e", "y"), "utf8")).toBe("333");
    expect(await refusal(calls.get("GetFile", "/zzz", here("out")))).toContain("NOT_FOUND file /zzz not found");
  });

  test("gets all of a commit by Egress, which counts the bytes", async () => {
    expect(await calls.egress({ object_storage: { url: here("egress/deep") } })).toMatchObject({
      object_storage: { bytes_written: "6" },
    });
    expect(await readFile(join(allowed, "egress", "deep", "a"), "utf8")).toBe("1");
    expect(await refusal(calls.egress({ sql_database: { url: "postgres://x" } }))).toContain("UNIMPLEMENTED the embedded engine");
  });

  test("is not written through a link that leads out, and a link at its end is replaced", async () => {
    await mkdir(join(allowed, "target"));
    await symlink(join(folder, "secret"), join(allowed, "target", "d"));
    expect(await refusal(calls.get("GetFile", "/d/x", here("target")))).toContain("which is outside of what --allow-url allows");
    await symlink(join(folder, "secret", "key"), join(allowed, "target", "a"));
    await calls.get("GetFile", "/a", here("target"));
    expect(await readFile(join(allowed, "target", "a"), "utf8")).toBe("1");
    expect(await readdir(join(folder, "secret"))).toEqual(["key"]);
    expect(await readFile(join(folder, "secret", "key"), "utf8")).toBe("secret");
  });
});

describe("an http: URL", () => {
  test("puts what the server gives, also after a redirection", async () => {
    await calls.add("web", `${at(web)}/sets/a.csv`, { path: "/a.csv" });
    await calls.add("web", `${at(web)}/sets/moved`, { path: "/moved.csv" });
    expect(await readAll(running.client, "data", "web")).toEqual({ "/a.csv": "a,b", "/moved.csv": "a,b" });
  });

  test.each(["away", "up"])("that leads %s to what is not allowed is refused", async (path) => {
    expect(await refusal(calls.add("no", `${at(web)}/sets/${path}`))).toContain(NOT_ALLOWED);
  });

  test("that leads nowhere is refused", async () => {
    expect(await refusal(calls.add("no", `${at(web)}/sets/round`))).toContain("more than 10 redirects");
    expect(await refusal(calls.add("no", `${at(web)}/sets/zzz`))).toContain(
      `error retrieving content from "${at(web)}/sets/zzz": 404`,
    );
  });

  test("is not written to", async () => {
    expect(await refusal(calls.get("GetFile", "/a", `${at(web)}/sets/a`))).toContain("only to file: and s3: URLs");
  });
});

describe("an s3: URL", () => {
  let gateway: TestEngine;
  let cloud: TestEngine;
  let s3: Calls;
  beforeAll(async () => {
    gateway = await startTestEngine({ s3Listen: "127.0.0.1:0" });
    await gateway.client.createRepo(repo("bucket"));
    await commitFiles(gateway.client, "bucket", { "/in/one": "1", "/in/deep/two": "22", "/other": "x" });
    const env = {
      AWS_ENDPOINT_URL: `http://${gateway.engine.s3Address}`,
      AWS_ACCESS_KEY_ID: "any",
      AWS_SECRET_ACCESS_KEY: "any",
    };
    cloud = await startTestEngine({ env, allowUrls: ["s3://master.bucket"] });
    await cloud.client.createRepo(repo("data"));
    await commitFiles(cloud.client, "data", { "/a": "1", "/d/x": "22" });
    s3 = new Calls(cloud);
  });
  afterAll(async () => {
    s3.close();
    await cloud.close();
    await gateway.close();
  });

  test("puts an object, or all whose keys begin with it", async () => {
    await s3.add("one", "s3://master.bucket/in/one", { path: "/put" });
    expect(await readAll(cloud.client, "data", "one")).toEqual({ "/put": "1" });
    await s3.add("all", "s3://master.bucket/in", { path: "/all", recursive: true });
    expect(await readAll(cloud.client, "data", "all")).toEqual({ "/all/one": "1", "/all/deep/two": "22" });
  });

  test("that is not there is not found", async () => {
    expect(await refusal(s3.add("no", "s3://master.bucket/zzz"))).toContain(
      "NOT_FOUND there is no object s3://master.bucket/zzz",
    );
  });

  test("gets the files of a commit", async () => {
    expect(await s3.egress({ object_storage: { url: "s3://master.bucket/out" } })).toMatchObject({
      object_storage: { bytes_written: "3" },
    });
    expect(await readAll(gateway.client, "bucket")).toMatchObject({ "/out/a": "1", "/out/d/x": "22" });
  });

  test("gets a large file in parts", async () => {
    const large = Buffer.alloc(20 * 1024 * 1024, "0123456789abcdef!");
    await cloud.client.modifyBranch({ repo: repo("data"), name: "master" }, [{ kind: "put", path: "/large", content: large }]);
    await s3.get("GetFile", "/large", "s3://master.bucket/parts");
    const info = await gateway.client.inspectFile({ repo: repo("bucket"), at: "master" }, "/parts/large");
    expect(info.hash).toBe((await cloud.client.inspectFile({ repo: repo("data"), at: "master" }, "/large")).hash);
  });
});

describe("what may be allowed", () => {
  test.each(["gs://bucket", "nonsense", "file://host/data", "https://user:pw@example.org", "s4:x"])("is not %s", (prefix) => {
    expect(() => allowUrls([prefix], {})).toThrow(expect.objectContaining({ code: "USAGE" }));
  });

  test("is shown without a password where it is refused", () => {
    expect(() => parseUrl("https://user:pw@example.org/x")).toThrow(
      "the URL https://example.org/x may not hold a name or a password",
    );
  });
});
