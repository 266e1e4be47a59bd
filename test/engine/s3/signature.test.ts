import { describe, expect, test } from "vitest";
import { authorize } from "../../../src/engine/s3/authorize.ts";
import { parseTarget } from "../../../src/engine/s3/request.ts";
import { signedByV2 } from "../../../src/engine/s3/signature-v2.ts";
import { signedByV4 } from "../../../src/engine/s3/signature-v4.ts";
import type { SignedRequest } from "../../../src/engine/s3/signature.ts";

// The examples, and what they are signed with, are from the S3 documentation.
const ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE";
const SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const THAT_DAY = Date.parse("2013-05-24T00:00:00Z");
const REFUSED = expect.objectContaining({ code: "SignatureDoesNotMatch" }) as Error;

function request(method: string, url: string, headers: Record<string, string>): SignedRequest {
  return { ...parseTarget(url), method, headers };
}

describe("Signature Version 4", () => {
  const inPieces = request("PUT", "/examplebucket/chunkObject.txt", {
    host: "s3.amazonaws.com",
    "x-amz-date": "20130524T000000Z",
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
    "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "content-encoding": "aws-chunked",
    "x-amz-decoded-content-length": "66560",
    "content-length": "66824",
    authorization: `AWS4-HMAC-SHA256 Credential=${ACCESS_KEY}/20130524/us-east-1/s3/aws4_request,SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9`,
  });
  const pieces = [
    [
      "bf718b6f653bebc184e1479f1935b8da974d701b893afcf49e701f3e2f9f9c5a",
      "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    ],
    [
      "2edc986847e209b4016e141a6dc8716d3207350f416969382d431539bf292e4a",
      "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    ],
    [
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ],
  ] as const;

  test("covers the head and each piece of the body", () => {
    const signed = signedByV4(inPieces, THAT_DAY);
    expect(signed?.accessKey).toBe(ACCESS_KEY);
    const signer = signed?.verify(inPieces, SECRET);
    for (const [hash, signature] of pieces) signer?.verifyChunk(hash, signature);
    expect(signer).toBeDefined();
  });

  test("a piece that is not the one that was signed, or comes out of turn, is refused", () => {
    const signer = signedByV4(inPieces, THAT_DAY)?.verify(inPieces, SECRET);
    expect(() => signer?.verifyChunk(pieces[1][0], pieces[0][1])).toThrow(REFUSED);
    expect(() => signer?.verifyChunk(pieces[1][0], pieces[1][1])).toThrow(REFUSED);
    expect(() => signer?.verifyChunk(pieces[0][0], "")).toThrow(REFUSED);
  });

  test.each([
    ["another method", { ...inPieces, method: "POST" }],
    ["another path", { ...inPieces, rawPath: "/examplebucket/other.txt" }],
    ["another query", { ...inPieces, query: new URLSearchParams("acl") }],
    ["another header", { ...inPieces, headers: { ...inPieces.headers, "x-amz-storage-class": "STANDARD" } }],
  ])("%s needs another signature", (_, changed) => {
    expect(() => signedByV4(changed, THAT_DAY)?.verify(changed, SECRET)).toThrow(REFUSED);
  });

  test("a signature that leaves out the host is none", () => {
    const headers = { ...inPieces.headers, authorization: String(inPieces.headers.authorization).replace("host;", "") };
    expect(() => signedByV4({ ...inPieces, headers }, THAT_DAY)?.verify({ ...inPieces, headers }, SECRET)).toThrow(REFUSED);
  });

  const presigned = request(
    "GET",
    `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${ACCESS_KEY}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`,
    { host: "examplebucket.s3.amazonaws.com" },
  );
  const DAY_MS = 86_400_000;

  test("a presigned URL is good until it expires", () => {
    expect(() => signedByV4(presigned, THAT_DAY + DAY_MS)?.verify(presigned, SECRET)).not.toThrow();
    expect(() => signedByV4(presigned, THAT_DAY + DAY_MS + 1)).toThrow(
      expect.objectContaining({ code: "AccessDenied" }) as Error,
    );
    expect(() => signedByV4(presigned, THAT_DAY)?.verify(presigned, "other")).toThrow(REFUSED);
  });

  test("a request of another hour is refused", () => {
    const skewed = expect.objectContaining({ code: "RequestTimeTooSkewed" }) as Error;
    expect(() => signedByV4(inPieces, THAT_DAY + 16 * 60_000)).toThrow(skewed);
    expect(() => signedByV4(inPieces, THAT_DAY - 16 * 60_000)).toThrow(skewed);
    const undated = { ...inPieces, headers: { ...inPieces.headers, "x-amz-date": "yesterday" } };
    expect(() => signedByV4(undated, THAT_DAY)).toThrow(skewed);
  });
});

describe("Signature Version 2", () => {
  const PUT_DAY = Date.parse("Tue, 27 Mar 2007 21:15:45 +0000");
  const put = request("PUT", "/awsexamplebucket1/photos/puppy.jpg", {
    "content-type": "image/jpeg",
    "content-length": "94328",
    host: "awsexamplebucket1.us-west-1.s3.amazonaws.com",
    date: "Tue, 27 Mar 2007 21:15:45 +0000",
    authorization: `AWS ${ACCESS_KEY}:iqRzw+ileNPu1fhspnRs8nOjjIA=`,
  });

  test("covers the head", () => {
    expect(() => signedByV2(put, PUT_DAY)?.verify(put, SECRET)).not.toThrow();
    expect(() => signedByV2(put, PUT_DAY)?.verify({ ...put, method: "DELETE" }, SECRET)).toThrow(REFUSED);
  });

  test("a request of another hour, and an expired URL, are refused", () => {
    expect(() => signedByV2(put, THAT_DAY)).toThrow(expect.objectContaining({ code: "RequestTimeTooSkewed" }) as Error);
    const expired = request("GET", `/b/k?AWSAccessKeyId=${ACCESS_KEY}&Expires=1175139620&Signature=x`, {});
    expect(() => signedByV2(expired, THAT_DAY)).toThrow(expect.objectContaining({ code: "AccessDenied" }) as Error);
  });
});

test("no refusal says what the token is", () => {
  const token = "5ecret";
  const access = { token, tls: undefined };
  const attempts = [
    request("GET", "/", {}),
    request("GET", "/", { authorization: `AWS ${token}:wrong`, date: new Date(THAT_DAY).toUTCString() }),
    request("GET", "/", { authorization: `AWS other${token}:wrong`, date: new Date(THAT_DAY).toUTCString() }),
    request("GET", `/?AWSAccessKeyId=${token}&Expires=1&Signature=x`, {}),
  ];
  for (const attempt of attempts) {
    expect(() => authorize(access, attempt, THAT_DAY)).toThrow(expect.objectContaining({ name: "S3Error" }) as Error);
    expect(() => authorize(access, attempt, THAT_DAY)).not.toThrow(token);
  }
});
