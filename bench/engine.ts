import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import type { MethodDefinition } from "@grpc/proto-loader";
import { PachydermClient } from "../src/pachyderm/client.ts";
import { MAX_MESSAGE_BYTES } from "../src/pachyderm/protocol.ts";
import type { BranchName, FileChange, RepoName } from "../src/pachyderm/types.ts";
import { benchCommits } from "./engine-commits.ts";
import { benchFiles } from "./engine-files.ts";
import { benchJob } from "./engine-job.ts";
import { EmptyServer, EngineProcess } from "./engine-process.ts";
import type { Figure } from "./figure.ts";

const MOST_MEMORY_MIB = 300;

/** The engine and, beside it, the server that does nothing, each in a process of its own, with clients of both. */
export interface Bench {
  readonly engine: EngineProcess;
  readonly empty: EmptyServer;
  readonly ours: PachydermClient;
  readonly bare: PachydermClient;
  /** For scratch files, on the disk that the engine's home is on. */
  readonly folder: string;
}

/** What the engine's work costs beside the least that it could cost, measured in turns with it. */
export async function benchEngine(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "stemma-bench-"));
  const engine = await EngineProcess.start();
  const empty = await EmptyServer.start();
  const ours = new PachydermClient({ address: engine.address });
  const bare = new PachydermClient({ address: empty.address });
  const bench: Bench = { engine, empty, ours, bare, folder };
  try {
    const figures = [...(await benchFiles(bench)), ...(await benchCommits(bench)), ...(await benchJob(bench))];
    return [...figures, memory(engine)];
  } finally {
    ours.close();
    bare.close();
    await empty.stop();
    await engine.stop();
    rmSync(folder, { recursive: true });
  }
}

function memory(engine: EngineProcess): Figure {
  return {
    work: "memory during all that, at its peak",
    ours: engine.peakMiB(),
    peer: MOST_MEMORY_MIB,
    peerName: "the limit",
    unit: "MiB",
    limit: 1,
    elsewhere: "180 to 1500 MiB",
  };
}

/** Makes a repo and answers its master branch. */
export async function newBranch({ ours }: Bench, name: string): Promise<BranchName> {
  const repo: RepoName = { project: "default", name, type: "user" };
  await ours.createRepo(repo);
  return { repo, name: "master" };
}

/** New files with random bytes. The names go up, so that they are sorted; `folder` may depend on the file's number. */
export function* randomFiles(
  count: number,
  bytes: number,
  folder: (index: number) => string = () => "",
  first = 0,
): Generator<FileChange> {
  for (let index = first; index < first + count; index += 1) {
    yield { kind: "put", path: `${folder(index)}/f${String(index).padStart(7, "0")}.csv`, content: randomBytes(bytes) };
  }
}

/** Fills a branch with files, ten thousand a commit. */
export async function fill(
  { ours }: Bench,
  branch: BranchName,
  count: number,
  bytes: number,
  folder: (index: number) => string,
): Promise<void> {
  const most = 10_000;
  for (let first = 0; first < count; first += most) {
    await ours.modifyBranch(branch, randomFiles(Math.min(most, count - first), bytes, folder, first));
  }
}

/** How long it takes, in milliseconds. */
export async function timeMs(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** Reads a server's stream as it comes from the wire, and answers how many messages came, and the last. */
export async function drain<Request>(
  address: string,
  method: MethodDefinition<Request, object, object, object>,
  request: Request,
): Promise<{ readonly count: number; readonly last: object }> {
  const client = new Client(address, credentials.createInsecure(), { "grpc.max_receive_message_length": MAX_MESSAGE_BYTES });
  const { path, requestSerialize, responseDeserialize } = method;
  let count = 0;
  let last: object = {};
  for await (const message of client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request)) {
    count += 1;
    last = message as object;
  }
  client.close();
  return { count, last };
}
