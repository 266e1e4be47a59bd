import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Access } from "../../src/engine/access.ts";
import { type RunningEngine, startEngine } from "../../src/engine/server.ts";
import { PachydermClient } from "../../src/pachyderm/client.ts";
import type { BranchName, FileChange, PipelineName, RepoName } from "../../src/pachyderm/types.ts";

/** A real engine on a free port, in a folder of its own, with a client. */
export interface TestEngine {
  readonly client: PachydermClient;
  readonly engine: RunningEngine;
  readonly home: string;
  /** Stops it and starts it again in the same home. */
  readonly restart: () => Promise<TestEngine>;
  readonly close: () => Promise<void>;
}

export async function startTestEngine(
  options: {
    home?: string;
    env?: Record<string, string | undefined>;
    s3Listen?: string;
    access?: Access;
    allowUrls?: readonly string[];
  } = {},
): Promise<TestEngine> {
  const home = options.home ?? (await mkdtemp(join(tmpdir(), "stemma-engine-")));
  const engine = await startEngine({
    home,
    listen: "127.0.0.1:0",
    workdir: process.cwd(),
    env: { ...process.env, ...options.env },
    s3Listen: options.s3Listen,
    access: options.access,
    allowUrls: options.allowUrls,
  });
  const client = new PachydermClient({ address: engine.address, token: options.access?.token });
  const stop = async (): Promise<void> => {
    client.close();
    await engine.close();
  };
  return {
    client,
    engine,
    home,
    restart: async () => {
      await stop();
      return startTestEngine({ ...options, home });
    },
    close: async () => {
      await stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

export function repo(name: string, type: RepoName["type"] = "user"): RepoName {
  return { project: "default", name, type };
}

export function branch(repoName: string, name = "master"): BranchName {
  return { repo: repo(repoName), name };
}

export function pipeline(name: string): PipelineName {
  return { project: "default", name };
}

export function put(path: string, text: string): FileChange {
  return { kind: "put", path, content: Buffer.from(text) };
}

/** Puts files as one commit and answers its id. */
export async function commitFiles(
  client: PachydermClient,
  repoName: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  await client.modifyBranch(
    branch(repoName),
    Object.entries(files).map(([path, text]) => put(path, text)),
  );
  return (await client.inspectCommit({ repo: repo(repoName), at: "master" }, "FINISHED")).commit.id;
}

export async function readText(client: PachydermClient, repoName: string, at: string, path: string): Promise<string> {
  return Buffer.concat(await Array.fromAsync(client.readFile({ repo: repo(repoName), at }, path))).toString("utf8");
}

/** All files of a commit as text, by path. */
export async function readAll(client: PachydermClient, repoName: string, at = "master"): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const file of client.walkFiles({ repo: repo(repoName), at }, "/")) {
    if (file.type === "FILE") files[file.path] = await readText(client, repoName, at, file.path);
  }
  return files;
}

/** A spec that runs a shell script on each match of a glob. */
export function shellSpec(name: string, input: string, script: string, more: object = {}): string {
  return JSON.stringify({
    pipeline: { name },
    transform: { cmd: ["sh", "-e"], stdin: [script] },
    input: { pfs: { repo: input, glob: "/*" } },
    datum_tries: 1,
    ...more,
  });
}
