import { createHash } from "node:crypto";
import type { FileInfo } from "../pachyderm/types.ts";

/** Metrics that say how long or how busy a run was. */
const MEASURED = /^(?:system\/|spark\.)/;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** What Spark puts behind the names of stages: `DecisionTreeClassifier_0f3c5a7b9d1e`. */
const SPARK_ID = /(?<=[A-Za-z]_)[0-9a-f]{12}(?![0-9a-f])/g;
const SPARK_PART = /\/part-\d{5}/g;
const SPARK_TIME = /"timestamp":\d+/g;
/** A number of more digits than JavaScript keeps. */
const LONG = /(?<=[:,[])-?\d{16,}(?=[,}\]])/g;
/** Checksums of files that are compared themselves. */
const CHECKSUM = /\/\.[^/]*\.crc$/;
const SPARK_METADATA = /\/metadata\/part-[^/]*$/;
const PARQUET = /\.parquet$/;
/** Larger files go by their hash alone. */
const MOST_BYTES = 64 * 1024 * 1024;
/** What a Parquet file ends with: the length of its footer, and its mark. */
const PARQUET_END_BYTES = 8;

/** Whether a metric is another one each time, and so is not held against its other value. */
export function isMeasured(metric: string): boolean {
  return MEASURED.test(metric);
}

export function isChecksum({ path }: FileInfo): boolean {
  return CHECKSUM.test(path);
}

/** Whether equal content of such a file may have other bytes: then `lastingContent` tells. */
export function isWrittenAnew({ path, sizeBytes }: FileInfo): boolean {
  return sizeBytes <= MOST_BYTES && (SPARK_METADATA.test(path) || PARQUET.test(path));
}

/** What is the same each time that the same content is written to such a file. */
export function lastingContent(path: string, bytes: Buffer): string {
  return PARQUET.test(path) ? lastingParquet(bytes) : lastingText(bytes.toString("utf8"));
}

/**
 * Java's writer of Parquet names the encodings of each column in the order of a set without order: the same pages, and in the footer
 * the same bytes in another order, are the same rows.
 */
function lastingParquet(bytes: Buffer): string {
  const end = bytes.length - PARQUET_END_BYTES;
  const pages = end < 0 ? -1 : end - bytes.readUInt32LE(end);
  if (pages < 0) return sha256(bytes);
  return `${sha256(bytes.subarray(0, pages))} ${sha256(Buffer.from(bytes.subarray(pages)).sort())}`;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A path without what is another one each time. Spark's parts of a folder come in any order. */
export function lastingPath(path: string): string {
  return path.replaceAll(UUID, "*").replaceAll(SPARK_ID, "*").replaceAll(SPARK_PART, "/part-*");
}

/** What of a text of Spark's is the same each time: without times and ids, and with the fields of its JSON in order. */
function lastingText(text: string): string {
  const lines = text
    .replaceAll(LONG, '"$&"')
    .replaceAll(UUID, "*")
    .replaceAll(SPARK_ID, "*")
    .replaceAll(SPARK_TIME, '"timestamp":0')
    .split("\n");
  return lines.map(sortedJson).join("\n");
}

/** Spark writes params in the order of their hashes, which depend on the ids. */
function sortedJson(line: string): string {
  try {
    return JSON.stringify(JSON.parse(line, (_key, value: unknown) => sortedFields(value)));
  } catch (error) {
    if (error instanceof SyntaxError) return line;
    throw error;
  }
}

function sortedFields(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
