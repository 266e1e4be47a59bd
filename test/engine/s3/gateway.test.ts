import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { type IncomingHttpHeaders, type RequestOptions, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEngine } from "../../../src/engine/server.ts";
import { type TestEngine, branch, commitFiles, readAll, readText, repo, startTestEngine } from "../../helpers/engine.ts";

let engine: TestEngine;
let host: string;
let port: number;
beforeAll(async () => {
  engine = await startTestEngine({ s3Listen: "127.0.0.1:0" });
  const address = engine.engine.s3Address ?? "";
  host = address.slice(0, address.lastIndexOf(":"));
  port = Number(address.slice(host.length + 1));
});
afterAll(() => engine.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Of an error. */
  readonly code: string | undefined;
}

/** One request, its path exactly as given. */
async function send(
  method: string,
  path: string,
  { headers = {}, body = "" }: { headers?: RequestOptions["headers"]; body?: string | Buffer } = {},
): Promise<Answer> {
  const sent = httpRequest({ host, port, method, path, headers });
  sent.end(body);
  const [response] = await once(sent, "response");
  const text = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>)).toString("utf8");
  const { statusCode, headers: answered } = response as { statusCode: number; headers: IncomingHttpHeaders };
  return { status: statusCode, headers: answered, text, code: /<Code>(.*)<\/Code>/.exec(text)?.[1] };
}

let repos = 0;
/** Makes a repo with an empty branch master, and answers its name. */
async function newBucket(): Promise<string> {
  repos += 1;
  const name = `repo${repos}`;
  expect(await send("PUT", `/${name}`)).toMatchObject({ status: 200 });
  return name;
}

/** The ids of a branch's commits, the newest first. */
async function commitsOf(name: string): Promise<string[]> {
  const commits = await Array.fromAsync(engine.client.listCommits(repo(name)));
  return commits.map(({ commit }) => commit.id);
}

describe("commits", () => {
  test("a put is a commit, many deletions are one, and deleting nothing is none", async () => {
    const name = await newBucket();
    const first = await send("PUT", `/${name}/a`, { body: "1" });
    const second = await send("PUT", `/${name}/b`, { body: "2" });
    expect(await commitsOf(name)).toHaveLength(3);
    expect((await commitsOf(name)).slice(0, 2)).toEqual([second, first].map(({ headers }) => headers["x-amz-version-id"]));
    const both = "<Delete><Quiet>true</Quiet><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>";
    expect((await send("POST", `/${name}?delete`, { body: both })).text).not.toContain("<Deleted>");
    expect(await commitsOf(name)).toHaveLength(4);
    await send("POST", `/${name}?delete`, { body: both });
    await send("DELETE", `/${name}/a`);
    expect(await commitsOf(name)).toHaveLength(4);
  });

  test("a put into a branch whose head is open goes into that commit", async () => {
    const name = await newBucket();
    const { id } = await engine.client.startCommit(branch(name));
    const put = await send("PUT", `/${name}/a`, { body: "open" });
    expect(put.headers["x-amz-version-id"]).toBe(id);
    expect((await send("GET", `/${name}/a`)).text).toBe("open");
    await engine.client.finishCommit({ repo: repo(name), id });
    expect(await readAll(engine.client, name)).toEqual({ "/a": "open" });
  });

  test("an overwritten object is replaced, not appended to", async () => {
    const name = await newBucket();
    await send("PUT", `/${name}/a`, { body: "long before" });
    await send("PUT", `/${name}/a`, { body: "now" });
    expect(await readText(engine.client, name, "master", "/a")).toBe("now");
  });

  test("an output branch is its pipeline's", async () => {
    const [from, to] = [await newBucket(), await newBucket()];
    await engine.client.createBranch(branch(to, "out"), { provenance: [branch(from)] });
    expect(await send("PUT", `/out.${to}/a`, { body: "x" })).toMatchObject({ status: 400, code: "WriteToOutputBranch" });
    expect(await send("DELETE", `/out.${to}`)).toMatchObject({ status: 400, code: "WriteToOutputBranch" });
  });

  test("the last branch takes its repo along, and only that", async () => {
    const name = await newBucket();
    await send("PUT", `/dev.${name}`);
    expect((await send("DELETE", `/${name}`)).status).toBe(204);
    await expect(engine.client.inspectRepo(repo(name))).resolves.toMatchObject({ repo: repo(name) });
    expect((await send("DELETE", `/dev.${name}`)).status).toBe(204);
    await expect(engine.client.inspectRepo(repo(name))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("a bucket of another project has its name as third part", async () => {
    await engine.client.createProject("lab");
    expect((await send("PUT", "/dev.rats.lab")).status).toBe(200);
    await send("PUT", "/dev.rats.lab/a", { body: "squeak" });
    expect((await send("GET", "/dev.rats.lab/a")).text).toBe("squeak");
    expect((await send("GET", "/")).text).toContain("<Name>dev.rats.lab</Name>");
    expect(await send("PUT", "/dev.rats.nowhere")).toMatchObject({ status: 404 });
  });
});

/** What x-amz-checksum-crc32 says of a text. */
function checksum(text: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return bytes.toString("base64");
}

/** The digest of the body "x". */
function sum(algorithm: string, encoding: "hex" | "base64"): string {
  return createHash(algorithm).update("x").digest(encoding);
}

describe("a put that goes wrong leaves nothing", () => {
  test("when the client goes away in the middle", async () => {
    const name = await newBucket();
    const before = await commitsOf(name);
    const socket = connect(port, host);
    socket.write(`PUT /${name}/cut HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000\r\n\r\nonly this`);
    socket.end();
    socket.resume();
    await once(socket, "close");
    expect((await send("HEAD", `/${name}/cut`)).status).toBe(404);
    expect(await commitsOf(name)).toEqual(before);
  });

  const content = "in two pieces";
  const wrapped = (pieces: string): { headers: Record<string, string>; body: string } => ({
    headers: {
      "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      "x-amz-trailer": "x-amz-checksum-crc32",
      "x-amz-decoded-content-length": String(content.length),
    },
    body: pieces,
  });

  test("a body in pieces with a checksum behind it is put together", async () => {
    const name = await newBucket();
    const pieces = `6\r\nin two\r\n7\r\n pieces\r\n0\r\nx-amz-checksum-crc32:${checksum(content)}\r\n\r\n`;
    expect(await send("PUT", `/${name}/a`, wrapped(pieces))).toMatchObject({ status: 200 });
    expect((await send("GET", `/${name}/a`)).text).toBe(content);
  });

  test.each([
    ["another checksum", `d\r\nin two pieces\r\n0\r\nx-amz-checksum-crc32:${checksum("other")}\r\n\r\n`, "BadDigest"],
    ["no checksum", "d\r\nin two pieces\r\n0\r\n\r\n", "InvalidDigest"],
    ["a piece missing", `6\r\nin two\r\n0\r\nx-amz-checksum-crc32:${checksum("in two")}\r\n\r\n`, "IncompleteBody"],
    ["an end in the middle", "ff\r\nin two", "IncompleteBody"],
    ["a piece that is longer", "6\r\nin two pieces\r\n0\r\n\r\n", "IncompleteBody"],
    ["no lengths", "in two pieces", "IncompleteBody"],
    ["no line ends", "1".repeat(10_000), "IncompleteBody"],
  ])("when its pieces have %s", async (_, pieces, code) => {
    const name = await newBucket();
    expect(await send("PUT", `/${name}/a`, wrapped(pieces))).toMatchObject({ status: 400, code });
    expect((await send("HEAD", `/${name}/a`)).status).toBe(404);
  });

  test.each([
    ["content-md5", sum("md5", "base64"), "BadDigest"],
    ["x-amz-checksum-sha1", sum("sha1", "base64"), "BadDigest"],
    ["x-amz-checksum-sha256", sum("sha256", "base64"), "BadDigest"],
    ["x-amz-checksum-crc32", checksum("x"), "BadDigest"],
    // The values for "123456789" that the catalogues of CRCs give.
    ["x-amz-checksum-crc32c", Buffer.from("e3069283", "hex").toString("base64"), "BadDigest"],
    ["x-amz-checksum-crc64nvme", Buffer.from("ae8b14860a799888", "hex").toString("base64"), "BadDigest"],
    ["x-amz-content-sha256", sum("sha256", "hex"), "XAmzContentSHA256Mismatch"],
  ])("when %s is of another body", async (header, value, code) => {
    const name = await newBucket();
    const right = /crc32c|crc64/.test(header) ? "123456789" : "x";
    const headers = { [header]: value };
    expect(await send("PUT", `/${name}/a`, { headers, body: "y" })).toMatchObject({ status: 400, code });
    expect((await send("HEAD", `/${name}/a`)).status).toBe(404);
    expect(await send("PUT", `/${name}/a`, { headers, body: right })).toMatchObject({ status: 200 });
  });

  test("when a digest is none", async () => {
    const name = await newBucket();
    const headers = { "content-md5": "short" };
    expect(await send("PUT", `/${name}/a`, { headers, body: "x" })).toMatchObject({ status: 400, code: "InvalidDigest" });
  });
});

/** Puts four bytes, but only once the server has said to go on; answers what it said. */
async function waitAndPut(path: string): Promise<string[]> {
  const seen: string[] = [];
  const sent = httpRequest({ host, port, method: "PUT", path, headers: { expect: "100-continue", "content-length": 4 } });
  sent.on("continue", () => {
    seen.push("continue");
    sent.end("body");
  });
  sent.flushHeaders();
  const [response] = await once(sent, "response");
  seen.push(String((response as { statusCode: number }).statusCode));
  sent.destroy();
  return seen;
}

describe("the connection", () => {
  test("a client that waits is told to go on, or why not to", async () => {
    const name = await newBucket();
    expect(await waitAndPut(`/${name}/a`)).toEqual(["continue", "200"]);
    expect(await waitAndPut(`/${name}/*`)).toEqual(["400"]);
    expect(await waitAndPut("/no.such/a")).toEqual(["404"]);
  });

  test("who sends all before listening still hears why it was refused, and the connection goes on", async () => {
    const name = await newBucket();
    const body = Buffer.concat([Buffer.from("8000000\r\n"), randomBytes(20_000_000)]);
    const headers = { "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER" };
    expect(await send("PUT", `/${name}/a`, { headers, body })).toMatchObject({ status: 400, code: "IncompleteBody" });
    expect(await send("PUT", "/no.such/a", { body })).toMatchObject({ status: 404, code: "NoSuchBucket" });
    expect(await send("PUT", `/${name}/b`, { headers: { "x-amz-server-side-encryption": "AES256" }, body })).toMatchObject({
      status: 501,
      code: "NotImplemented",
    });
  });

  test("a body of unknown length is refused", async () => {
    const name = await newBucket();
    const socket = connect(port, host);
    socket.end(`PUT /${name}/a HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    const text = Buffer.concat(await Array.fromAsync(socket as AsyncIterable<Buffer>)).toString("utf8");
    expect(text).toContain("411 Length Required");
    expect(text).toContain("<Code>MissingContentLength</Code>");
  });

  test("a web page cannot change anything", async () => {
    const name = await newBucket();
    const headers = { origin: "https://pages.example", "content-type": "text/plain" };
    const body = "<Delete><Object><Key>a</Key></Object></Delete>";
    expect(await send("POST", `/${name}?delete`, { headers, body })).toMatchObject({ status: 403, code: "AccessDenied" });
  });
});

describe("what is not there, or not done", () => {
  test.each([
    ["GET", "/master.a?acl", 501, "NotImplemented"],
    ["GET", "/master.a/key?tagging", 501, "NotImplemented"],
    ["GET", "/master.a/key?partNumber=1", 501, "NotImplemented"],
    ["PATCH", "/master.a/key", 405, "MethodNotAllowed"],
    ["POST", "/", 405, "MethodNotAllowed"],
    ["GET", "/a.b.c.d", 400, "InvalidBucketName"],
    ["GET", "/master.", 400, "InvalidBucketName"],
    ["GET", "/m%C3%BC", 400, "InvalidBucketName"],
    ["GET", "/%ff", 400, "InvalidArgument"],
    ["GET", `/${"0".repeat(12)}4${"0".repeat(19)}.master.a`, 404, "NoSuchBucket"],
    ["PUT", `/${"0".repeat(12)}4${"0".repeat(19)}.master.a`, 400, "InvalidBucketName"],
  ])("%s %s", async (method, path, status, code) => {
    const { text, ...answer } = await send(method, path);
    expect(answer).toMatchObject({ status, code, headers: { "content-type": "application/xml" } });
    expect(text).toContain(`<RequestId>${String(answer.headers["x-amz-request-id"])}</RequestId>`);
  });

  test("an older version is a commit of the repo", async () => {
    const name = await newBucket();
    await send("PUT", `/${name}/a`, { body: "old" });
    const [old = ""] = await commitsOf(name);
    await send("PUT", `/${name}/a`, { body: "new" });
    expect((await send("GET", `/${name}/a?versionId=${old}`)).text).toBe("old");
    for (const version of ["master^", "null", `${"0".repeat(12)}4${"0".repeat(19)}`])
      expect(await send("GET", `/${name}/a?versionId=${version}`)).toMatchObject({ status: 404, code: "NoSuchVersion" });
  });

  test.each([
    ["?delete", "<Delete>", "MalformedXML"],
    ["?delete", "<Other/>", "MalformedXML"],
    ["?delete", "<Delete><Object/></Delete>", "MalformedXML"],
    ["?delete", "", "MalformedXML"],
    ["?delete", `<Delete>${"<Object><Key>a</Key></Object>".repeat(1001)}</Delete>`, "MalformedXML"],
    [
      "?delete",
      '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&x;</Key></Object></Delete>',
      "MalformedXML",
    ],
    ["?delete", " ".repeat(9 * 1024 * 1024), "EntityTooLarge"],
  ])("a document that is not as it should be: %s %#", async (query, body, code) => {
    const name = await newBucket();
    expect(await send("POST", `/${name}${query}`, { body })).toMatchObject({ status: 400, code });
  });
});

describe("reading", () => {
  test("names, times and hashes are those of the commit", async () => {
    const name = await newBucket();
    const id = await commitFiles(engine.client, name, { "/dir/a b&c": "hello\n", "/z": "" });
    const { finishing } = await engine.client.inspectCommit({ repo: repo(name), at: id });
    const { text } = await send("GET", `/${name}?list-type=2&encoding-type=url&prefix=dir%2Fa%20b`);
    expect(text).toContain("<Prefix>dir/a%20b</Prefix>");
    expect(text).toContain("<Key>dir/a%20b%26c</Key>");
    expect(text).toContain(`<LastModified>${finishing?.toISOString()}</LastModified>`);
    expect(text).toContain("<ETag>&quot;a76538c4bbfc9fae4cb77133a200d817a05b3639a9b6bd862a9c3a8201cc20f6&quot;</ETag>");
    expect((await send("GET", `/${name}`)).text).toContain("<Key>dir/a b&amp;c</Key>");
    const head = await send("HEAD", `/${name}/dir/a%20b%26c`);
    expect(head.headers).toMatchObject({ "content-length": "6", "x-amz-version-id": id, "accept-ranges": "bytes" });
    expect(head.headers["last-modified"]).toBe(finishing?.toUTCString());
  });

  test("a changed object is sent whole to who has a part of the old one", async () => {
    const name = await newBucket();
    const { headers } = await send("PUT", `/${name}/a`, { body: "0123456789" });
    const part = (ifRange: string): Promise<Answer> =>
      send("GET", `/${name}/a`, { headers: { range: "bytes=5-", "if-range": ifRange } });
    expect(await part(String(headers.etag))).toMatchObject({ status: 206, text: "56789" });
    expect(await part('"other"')).toMatchObject({ status: 200, text: "0123456789" });
  });

  test("what is behind several ranges, or none, is the whole", async () => {
    const name = await newBucket();
    await send("PUT", `/${name}/a`, { body: "0123456789" });
    for (const range of ["bytes=0-1,3-4", "bytes=5-4", "lines=1-2", "bytes=-"])
      expect(await send("GET", `/${name}/a`, { headers: { range } })).toMatchObject({ status: 200, text: "0123456789" });
    expect(await send("GET", `/${name}/a`, { headers: { range: "bytes=-0" } })).toMatchObject({ status: 416 });
  });

  test("dates are compared to the second", async () => {
    const name = await newBucket();
    const { headers } = await send("PUT", `/${name}/a`, { body: "x" }).then(() => send("HEAD", `/${name}/a`));
    const at = String(headers["last-modified"]);
    const earlier = new Date(Date.parse(at) - 1000).toUTCString();
    const get = (condition: Record<string, string>): Promise<Answer> => send("GET", `/${name}/a`, { headers: condition });
    expect(await get({ "if-modified-since": at })).toMatchObject({ status: 304, text: "" });
    expect(await get({ "if-modified-since": earlier })).toMatchObject({ status: 200 });
    expect(await get({ "if-unmodified-since": at })).toMatchObject({ status: 200 });
    expect(await get({ "if-unmodified-since": earlier })).toMatchObject({ status: 412, code: "PreconditionFailed" });
  });
});

test("content that is gone is an error, and no answer that breaks off", async () => {
  const name = await newBucket();
  const body = randomBytes(100_000);
  await send("PUT", `/${name}/a`, { body });
  const id = createHash("sha256").update(body).digest("hex");
  await rm(join(engine.home, "objects", id.slice(0, 2), id));
  const { status, code, text } = await send("GET", `/${name}/a`);
  expect({ status, code }).toEqual({ status: 500, code: "InternalError" });
  expect(text).toContain(`object ${id} is missing`);
});

test("the gateway does not listen where others reach it without token and TLS, nor where another does", async () => {
  const home = join(engine.home, "second");
  const options = { home, listen: "127.0.0.1:0", workdir: process.cwd(), env: {} };
  await expect(startEngine({ ...options, s3Listen: "0.0.0.0:0" })).rejects.toMatchObject({ code: "USAGE" });
  await expect(startEngine({ ...options, s3Listen: `${host}:${port}` })).rejects.toMatchObject({
    message: `the S3 gateway cannot listen on ${host}:${port}: the port is taken.`,
  });
});
