import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { StemmaError, orAbsent } from "../../lineage/errors.ts";
import type { PachydermClient } from "../../pachyderm/client.ts";
import type { BranchName, CommitName } from "../../pachyderm/types.ts";
import { PAYSIM_COLUMNS, paysimText } from "../../stages/paysim.ts";
import { RAW_DATA } from "./demo-pipelines.ts";
import type { PutReport } from "./report.ts";

const MASTER: BranchName = { repo: RAW_DATA, name: "master" };

const HEADER_LIMIT_BYTES = 64 * 1024;
const LINE_FEED = 10;

/** What one run of the demo adds. */
export interface DemoData {
  readonly path: string;
  readonly description: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** Rows made up: each file has a number of its own, and other rows than the one before. */
export async function generatedData(pachyderm: PachydermClient, rows: number, firstSeed: number): Promise<DemoData> {
  const number = await nextFileNumber(pachyderm);
  const seed = firstSeed + number - 1;
  const description = `${rows.toLocaleString("en")} generated rows (seed ${seed})`;
  return { path: `/paysim-${number}.csv`, description, content: yielding(paysimText({ rows, seed })) };
}

export function fileData(file: string): DemoData {
  return { path: `/${basename(file)}`, description: file, content: createReadStream(file) };
}

/** Rejects with USAGE or NOT_FOUND unless the file is a CSV with PaySim's columns. Only its first line is read. */
export async function checkColumns(file: string): Promise<void> {
  const header = await readFirstLine(file);
  const columns = new Set(header.split(",").map((cell) => cell.trim().replaceAll('"', "")));
  const missing = PAYSIM_COLUMNS.filter((column) => !columns.has(column));
  if (missing.length === 0) return;
  const names = missing.map((column) => `"${column}"`).join(", ");
  throw new StemmaError("USAGE", `${file} has no column ${names};`, {
    hint: `its first line has to name ${PAYSIM_COLUMNS.join(",")}.`,
  });
}

/** What was put, and when. */
interface Put extends PutReport {
  readonly commit: CommitName;
}

/** Puts the data as one commit on master, and counts it on its way. */
export async function putData(pachyderm: PachydermClient, data: DemoData): Promise<Put> {
  const startedAt = new Date();
  const counts = { rows: -1, bytes: 0 };
  await pachyderm.modifyBranch(MASTER, [{ kind: "put", path: data.path, content: counting(data.content, counts) }]);
  const finishedAt = new Date();
  const { head: commit } = await pachyderm.inspectBranch(MASTER);
  if (commit === undefined) throw new StemmaError("FAILED", "raw_data@master has no commit after the put.");
  return { commit, startedAt, finishedAt, ...counts };
}

/** Counts bytes and ends of lines, of which the header has one. */
async function* counting(content: AsyncIterable<Uint8Array>, counts: { rows: number; bytes: number }): AsyncIterable<Uint8Array> {
  for await (const chunk of content) {
    counts.bytes += chunk.length;
    for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, at + 1)) counts.rows++;
    yield chunk;
  }
}

async function nextFileNumber(pachyderm: PachydermClient): Promise<number> {
  const branch = await orAbsent(pachyderm.inspectBranch(MASTER));
  let last = 0;
  if (branch?.head === undefined) return 1;
  for await (const file of pachyderm.listFiles({ repo: RAW_DATA, at: branch.head.id }, "/")) {
    last = Math.max(last, Number(/^\/paysim-(\d+)\.csv$/.exec(file.path)?.[1] ?? 0));
  }
  return last + 1;
}

async function readFirstLine(file: string): Promise<string> {
  try {
    await using handle = await open(file);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_LIMIT_BYTES), 0, HEADER_LIMIT_BYTES, 0);
    const text = buffer.toString("utf8", 0, bytesRead).replace(/^\u{FEFF}/u, "");
    return text.split(/\r?\n/, 1)[0] ?? "";
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new StemmaError("NOT_FOUND", `there is no file ${file}`, { cause });
    throw new StemmaError("USAGE", `cannot read ${file}: ${code === "EISDIR" ? "it is a folder" : message}`, { cause });
  }
}

/** Lets others have their turn between two chunks, as making them never waits. */
async function* yielding(chunks: Iterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for (const chunk of chunks) {
    yield chunk;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
