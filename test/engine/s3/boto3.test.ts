import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeCertificate } from "../../helpers/certificate.ts";
import { type TestEngine, branch, put, readText, repo, startTestEngine } from "../../helpers/engine.ts";

const HELLO = '"a76538c4bbfc9fae4cb77133a200d817a05b3639a9b6bd862a9c3a8201cc20f6"';
const INVALID_PATH = ["InvalidFilePath", 400];
const TOKEN = "a/token+with=signs";

interface Connection {
  readonly scheme: "http" | "https";
  readonly token?: string;
  /** The file of the certificate to trust. */
  readonly certificate?: string | undefined;
}

/** What boto3 got, step by step: boto3_client.py says what each does. */
async function boto3({ engine }: TestEngine, { scheme, token, certificate }: Connection): Promise<Record<string, unknown>> {
  const args = [
    join("test", "engine", "s3", "boto3_client.py"),
    `${scheme}://${engine.s3Address}`,
    ...(token === undefined ? [] : [token]),
  ];
  const env = certificate === undefined ? {} : { AWS_CA_BUNDLE: certificate, SSL_CERT_FILE: certificate };
  const { stdout } = await execa(join(".venv", "bin", "python"), args, { env });
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe("boto3 at a gateway that anybody may use", () => {
  let engine: TestEngine;
  let seen: Record<string, unknown>;

  beforeAll(async () => {
    engine = await startTestEngine({ s3Listen: "127.0.0.1:0" });
    await engine.client.createRepo(repo("many"));
    const files = Array.from({ length: 3000 }, (_, index) => put(`/n/${String(index).padStart(5, "0")}`, "x"));
    await engine.client.modifyBranch(branch("many"), [...files, put("/n-a", "x"), put("/n.b", "x"), put("/z/1/2", "x")]);
    seen = await boto3(engine, { scheme: "http" });
  });
  afterAll(() => engine.close());

  test("buckets are branches; only versioned ones exist", () => {
    expect(seen["buckets"]).toEqual({
      names: ["dev.data", "master.data", "master.many"],
      again: ["BucketAlreadyOwnedByYou", 409],
      head: 200,
      short: 200,
      missing: ["404", 404],
      location: "PACHYDERM",
      versioning: "Enabled",
      enabled: 200,
      suspended: ["NotImplemented", 501],
      versions: ["NotImplemented", 501],
    });
  });

  test("objects are put, got and looked at; folders are none", () => {
    expect(seen["objects"]).toEqual({
      etag: HELLO,
      sameVersion: true,
      length: 6,
      text: "hello\n",
      empty: "",
      folder: ["404", 404],
      folderSlash: ["404", 404],
      missing: ["NoSuchKey", 404],
      otherBucket: ["NoSuchBucket", 404],
      badName: ["InvalidBucketName", 400],
      putMissing: ["NoSuchBucket", 404],
    });
  });

  test("ranges of all kinds", () => {
    expect(seen["ranges"]).toEqual({
      status: 206,
      contentRange: "bytes 0-9/10240",
      first: true,
      middle: true,
      open: true,
      suffix: true,
      tooLong: true,
      behind: ["InvalidRange", 416],
      ofEmpty: ["InvalidRange", 416],
    });
  });

  test("conditions of reading and of writing", () => {
    expect(seen["conditions"]).toEqual({
      match: "hello\n",
      noMatch: ["PreconditionFailed", 412],
      unchanged: ["304", 304],
      notSince: ["304", 304],
      onlyNew: ["PreconditionFailed", 412],
      onlyThat: ["PreconditionFailed", 412],
      still: "hello\n",
    });
  });

  test("every key that PFS has a path for; the others are refused", () => {
    expect(seen["odd_keys"]).toEqual({
      same: true,
      unlisted: [],
      refused: {
        "odd/c++": INVALID_PATH,
        "odd/*": INVALID_PATH,
        "odd/ü": INVALID_PATH,
        "odd/../x": INVALID_PATH,
        "odd//x": INVALID_PATH,
        "odd/x/": INVALID_PATH,
        "odd/a b/c/.": INVALID_PATH,
        "dir/hello.txt/below": INVALID_PATH,
        dir: INVALID_PATH,
      },
      deleted: true,
      unicodeGet: ["NoSuchKey", 404],
      copied: 200,
    });
  });

  test("both versions of ListObjects, page by page, in the order of bytes", () => {
    const top = { keys: ["n-a", "n.b"], prefixes: ["n/", "z/"] };
    expect(seen["lists"]).toEqual({
      v2: [4, 3003, true],
      v1same: true,
      v2small: true,
      top: { pages: 1, ...top },
      topByOnes: { pages: 4, ...top },
      topByOnesV1: { pages: 4, ...top },
      inFolder: { pages: 1, keys: [], prefixes: ["z/1/"] },
      prefix: Array.from({ length: 10 }, (_, index) => `n/0299${index}`),
      partOfName: { pages: 1, keys: ["n-a", "n.b"], prefixes: ["n/"] },
      startAfter: ["n/02999", "z/1/2"],
      none: [],
      noKeys: false,
      owner: { DisplayName: "pachyderm", ID: "0".repeat(32) },
      storageClass: "STANDARD",
      delimiter: ["InvalidDelimiter", 400],
      token: ["InvalidArgument", 400],
    });
  });

  test("copies within and across buckets, and out of older commits; a commit's bucket is only read", () => {
    expect(seen["copies"]).toEqual({
      etag: HELLO,
      text: "hello\n",
      old: ["hello\n", "hello\n", "hello\n", "changed\n"],
      missing: ["NoSuchKey", 404],
      notThis: ["PreconditionFailed", 412],
      commitBucket: ["hello\n", ["MethodNotAllowed", 405], ["MethodNotAllowed", 405]],
    });
  });

  test("deletions of objects, one and many, and of empty buckets", () => {
    expect(seen["deletions"]).toEqual({
      first: 204,
      again: 204,
      notEmpty: ["BucketNotEmpty", 409],
      both: [["b", "none"], ["NotImplemented"]],
      gone: ["404", 404],
      version: ["NotImplemented", 501],
    });
  });

  test("a multipart upload, a download in ranges and a copy in parts agree with one put, also in the ETag", () => {
    expect(seen["multipart"]).toEqual({ downloaded: true, oneEtag: 1, copied: true });
  });

  test("parts are listed, replaced and checked; an upload ends once", () => {
    expect(seen["parts"]).toEqual({
      parts: [
        [2, 5 * 1024 * 1024],
        [3, 1],
        [7, 1],
      ],
      page: [3],
      uploads: ["parts/one", "parts/two"],
      wrongOrder: ["InvalidPartOrder", 400],
      wrongEtag: ["InvalidPart", 400],
      notThere: ["InvalidPart", 400],
      tooSmall: ["EntityTooSmall", 400],
      number: ["InvalidArgument", 400],
      otherKey: ["NoSuchUpload", 404],
      notYet: ["NoSuchKey", 404],
      whole: true,
      completed: ["NoSuchUpload", 404],
      aborted: ["NoSuchUpload", 404],
      left: [],
    });
  });

  test("40 puts by 8 at once are all there", () => {
    expect(seen["concurrent"]).toBe(true);
  });

  test("any signature comes in, and what came otherwise than its digest says does not", () => {
    expect(seen["signatures"]).toEqual(SIGNED);
  });

  test("what S3 clients put is in the repo", async () => {
    expect(await readText(engine.client, "data", "master", "/dir/hello.txt")).toBe("changed\n");
    expect(await Array.fromAsync(engine.client.listFiles({ repo: repo("_s3gateway_multipart_"), at: "master" }, "/"))).toEqual(
      [],
    );
  });
});

describe.each(["http", "https"] as const)("boto3 at a gateway with a token, over %s", (scheme) => {
  let engine: TestEngine;
  let seen: Record<string, unknown>;
  const folder = mkdtempSync(join(tmpdir(), "stemma-s3-"));

  beforeAll(async () => {
    const tls = scheme === "https" ? makeCertificate(folder) : undefined;
    engine = await startTestEngine({ s3Listen: "127.0.0.1:0", access: { token: TOKEN, tls } });
    seen = await boto3(engine, { scheme, token: TOKEN, certificate: tls?.certFile });
  });
  afterAll(async () => {
    await engine.close();
    rmSync(folder, { recursive: true });
  });

  test("who has it comes in with each kind of signature, and with bodies in signed or in checked pieces", () => {
    expect(seen).toMatchObject({
      objects: { text: "hello\n" },
      odd_keys: { same: true, unlisted: [], copied: 200 },
      signatures: SIGNED,
      ...(scheme === "https" ? { multipart: { downloaded: true, oneEtag: 1, copied: true } } : {}),
    });
  });

  test("who has not does not", () => {
    expect(seen["strangers"]).toEqual({
      otherKey: ["InvalidAccessKeyId", 403],
      otherSecret: ["SignatureDoesNotMatch", 403],
      otherSecretV2: ["SignatureDoesNotMatch", 403],
      unsigned: ["AccessDenied", 403],
    });
  });
});

const SIGNED = {
  v2: "two",
  v2list: 1,
  presignedV4: [200, "presigned", "text/plain"],
  presignedV2: [200, "presigned", "text/plain"],
  checksums: [200, 200, 200],
  wrongSum: ["BadDigest", 400],
  wrongMd5: ["BadDigest", 400],
  nothingLeft: ["404", 404],
};
