import type { S3Client } from "@bradenmacdonald/s3-lite-client";
import { invalid, notFound, refused } from "../fault.ts";
import { type UrlAccess, type UrlScheme, type UrlSource, type UrlTarget, shown } from "./access.ts";

/** Four parts are on their way at once, and are in memory meanwhile. */
const PART_BYTES = 8 * 1024 * 1024;
const MOST_PARTS = 10_000;
const UPLOADS_AT_ONCE = 4;

/** Objects of S3, or of anything that speaks its protocol: the host is the bucket, the path the key. */
export const S3_URLS: UrlScheme = {
  async *read(url: URL, access: UrlAccess, recursive: boolean): AsyncIterableIterator<UrlSource> {
    const client = await connect(url, access);
    const key = keyOf(url);
    if (!recursive) {
      yield { name: "", content: download(client, url, key) };
      return;
    }
    for await (const object of client.listObjects({ prefix: key })) {
      // Consoles make an empty object with such a key when they are told to make a folder.
      if (object.key.endsWith("/")) continue;
      yield { name: object.key.slice(key.length), content: download(client, url, object.key) };
    }
  },

  async write(url: URL, access: UrlAccess, files: Iterable<UrlTarget>): Promise<void> {
    const client = await connect(url, access);
    const prefix = keyOf(url).replace(/\/*$/, "/").replace(/^\/$/, "");
    const queue = files[Symbol.iterator]();
    const work = async (): Promise<void> => {
      for (let { done, value } = queue.next(); done !== true; { done, value } = queue.next()) await upload(client, prefix, value);
    };
    const workers = await Promise.allSettled(Array.from({ length: UPLOADS_AT_ONCE }, work));
    const failed = workers.find((worker) => worker.status === "rejected");
    if (failed !== undefined) throw refused(`cannot write to ${shown(url)}: ${(failed.reason as Error).message}`);
  },
};

function keyOf(url: URL): string {
  return decodeURIComponent(url.pathname).replace(/^\//, "");
}

async function connect(url: URL, { env }: UrlAccess): Promise<S3Client> {
  if (url.host === "") throw invalid(`${url.href} names no bucket; it looks like s3://bucket/key`);
  const { S3Client } = await import("@bradenmacdonald/s3-lite-client");
  const region = env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || "us-east-1";
  const [accessKey, secretKey, sessionToken] = [env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"]];
  return new S3Client({
    endPoint: env["AWS_ENDPOINT_URL_S3"] || env["AWS_ENDPOINT_URL"] || `https://s3.${region}.amazonaws.com`,
    region,
    bucket: url.host,
    ...(accessKey && secretKey ? { accessKey, secretKey } : {}),
    ...(sessionToken ? { sessionToken } : {}),
  });
}

async function* download(client: S3Client, url: URL, key: string): AsyncIterableIterator<Uint8Array> {
  const response = await client.getObject(key).catch((error: Error & { statusCode?: number }) => {
    if (error.statusCode === 404) throw notFound(`there is no object s3://${url.host}/${key}`);
    throw refused(`error retrieving content from "s3://${url.host}/${key}": ${error.message}`);
  });
  if (response.body !== null) yield* response.body;
}

async function upload(client: S3Client, prefix: string, { name, bytes, content }: UrlTarget): Promise<void> {
  const partSize = Math.max(PART_BYTES, Math.ceil(bytes / MOST_PARTS));
  await client.putObject(prefix + name, ReadableStream.from(content()), { size: bytes, partSize });
}
