import { hash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pipeline } from "node:stream/promises";
import { execa } from "execa";
import { pfs } from "../src/pachyderm/services.ts";
import type { FileChange } from "../src/pachyderm/types.ts";
import { type Bench, drain, fill, newBranch, randomFiles, timeMs } from "./engine.ts";
import { type Figure, median } from "./figure.ts";

const ROUNDS = 3;
const GETS = 7;
const LARGE_BYTES = 500 * 1024 * 1024;
const SMALL_FILES = 10_000;
const SMALL_BYTES = 1024;
const LISTED_FILES = 100_000;

/** Files in, out and listed. */
export async function benchFiles(bench: Bench): Promise<Figure[]> {
  return [...(await large(bench)), await small(bench), ...(await listings(bench))];
}

/** One large file put and got back. New bytes in each round: the engine would not store the same ones again. */
async function large(bench: Bench): Promise<Figure[]> {
  const { ours, bare, folder } = bench;
  const branch = await newBranch(bench, "large");
  const [file, copy] = [join(folder, "large"), join(folder, "copy")];
  const times = { put: [], putBound: [], get: [], getBound: [] } as Record<"put" | "putBound" | "get" | "getBound", number[]>;
  const change = (): FileChange[] => [{ kind: "put", path: "/large", content: createReadStream(file) }];
  for (let round = 0; round < ROUNDS; round += 1) {
    await pipeline(randomPieces(LARGE_BYTES), createWriteStream(file));
    times.put.push(await timeMs(() => ours.modifyBranch(branch, change())));
    const handler = await timeMs(() => bare.modifyBranch(branch, change()));
    const digest = await timeMs(() => execa("sha256sum", [file]));
    const store = await timeMs(() => execa("sh", ["-c", 'cp "$1" "$2" && sync "$2"', "sh", file, copy]));
    times.putBound.push(handler + digest + store);
  }
  const query = { repo: branch.repo, at: "master" };
  for (let round = 0; round < GETS; round += 1) {
    times.get.push(await timeMs(() => readAll(ours.readFile(query, "/large"))));
    times.getBound.push(await timeMs(() => readAll(bare.readFile(query, "/large", LARGE_BYTES))));
  }
  return [
    {
      work: "put one file of 500 MiB",
      ours: median(times.put),
      peer: median(times.putBound),
      peerName: "empty handler + sha256sum + cp and sync",
      unit: "ms",
      limit: 1.5,
      elsewhere: "14.7 s",
    },
    {
      work: "get it back",
      ours: median(times.get),
      peer: median(times.getBound),
      peerName: "empty handler",
      unit: "ms",
      limit: 1.5,
      elsewhere: "3.3 to 10 s",
    },
  ];
}

function* randomPieces(bytes: number): Generator<Buffer> {
  const piece = 4 * 1024 * 1024;
  for (let done = 0; done < bytes; done += piece) yield randomBytes(piece);
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<void> {
  let bytes = 0;
  for await (const piece of stream) bytes += piece.length;
  if (bytes !== LARGE_BYTES) throw new Error(`${bytes} bytes came back`);
}

async function small(bench: Bench): Promise<Figure> {
  const branch = await newBranch(bench, "small");
  const [times, bounds]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    const files = [...randomFiles(SMALL_FILES, SMALL_BYTES, () => `/round${round}`)];
    times.push(await timeMs(() => bench.ours.modifyBranch(branch, files)));
    const handler = await timeMs(() => bench.bare.modifyBranch(branch, files));
    bounds.push(handler + insertBlobs(join(bench.folder, `blobs${round}.db`), files));
  }
  return {
    work: "put 10,000 files of 1 KiB and commit",
    ours: median(times),
    peer: median(bounds),
    peerName: "empty handler + the blobs into SQLite by digest",
    unit: "ms",
    limit: 1.5,
    elsewhere: "1.7 s",
  };
}

/** The blobs into a table, by their SHA-256, in one transaction that is on the disk at the end. Answers the milliseconds. */
function insertBlobs(file: string, changes: readonly FileChange[]): number {
  const db = openDatabase(file);
  const startedAt = performance.now();
  db.exec("BEGIN");
  const insert = db.prepare("INSERT INTO blobs VALUES (?, ?)");
  for (const change of changes) {
    if (change.kind === "put" && change.content instanceof Uint8Array) insert.run(hash("sha256", change.content), change.content);
  }
  db.exec("COMMIT");
  const took = performance.now() - startedAt;
  db.close();
  return took;
}

/** A table of blobs by digest, each transaction on the disk when it returns. */
export function openDatabase(file: string): DatabaseSync {
  const db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  db.exec("CREATE TABLE blobs (id TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID");
  return db;
}

async function listings(bench: Bench): Promise<Figure[]> {
  const { engine, empty } = bench;
  const branch = await newBranch(bench, "listed");
  await fill(bench, branch, LISTED_FILES, 16, () => "/all");
  const commit = { repo: wire(branch.repo), branch: { repo: wire(branch.repo), name: "master" } };
  const list = { file: { commit, path: "/all" } };
  const glob = { commit, pattern: "/*/*.csv" };
  const { last } = await drain(engine.address, pfs.ListFile, list);
  await empty.use({ file: last, commit: {} });
  const times = { list: [], glob: [], bound: [] } as Record<"list" | "glob" | "bound", number[]>;
  for (let round = 0; round < ROUNDS; round += 1) {
    times.list.push(await timeMs(async () => expectAll(await drain(engine.address, pfs.ListFile, list))));
    times.bound.push(
      await timeMs(async () => expectAll(await drain(empty.address, pfs.ListFile, { number: String(LISTED_FILES) }))),
    );
    times.glob.push(await timeMs(async () => expectAll(await drain(engine.address, pfs.GlobFile, glob))));
  }
  const beside = { peer: median(times.bound), peerName: "as many messages from an empty handler", unit: "ms", limit: 2.5 };
  return [
    { work: "list 100,000 files", ours: median(times.list), ...beside, elsewhere: "0.5 s for 10,000" },
    { work: "glob /*/*.csv over 100,000 files", ours: median(times.glob), ...beside, elsewhere: "0.2 s for 10,000" },
  ];
}

function expectAll({ count }: { readonly count: number }): void {
  if (count !== LISTED_FILES) throw new Error(`${count} files were listed`);
}

/** A repo as it is on the wire. */
export function wire({ project, name, type }: { project: string; name: string; type: string }): object {
  return { name, type, project: { name: project } };
}
