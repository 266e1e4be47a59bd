import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { branch, readText, repo } from "../helpers/engine.ts";
import { count } from "../helpers/scale.ts";
import { EngineProcess } from "./engine-process.ts";
import { Remote } from "./remote.ts";

const CLIENTS = 16;
const ROUNDS = count(40);
/** The memory that is looked at is that of an engine which has done everything already. */
const WARM_UP_ROUNDS = 15;
const LARGE_BYTES = 400_000;
const MIB = 1024 * 1024;

const engine = new EngineProcess();
let home: string;
let remotes: readonly Remote[];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "stemma-concurrency-"));
  await engine.loaded();
  const address = (await engine.start(home)) ?? expect.fail(engine.log);
  remotes = Array.from({ length: CLIENTS }, () => new Remote(address));
});
afterAll(async () => {
  for (const remote of remotes) remote[Symbol.dispose]();
  await engine.kill();
  await rm(home, { recursive: true });
});

function residentBytes(): number {
  return Number(execFileSync("ps", ["-o", "rss=", "-p", String(engine.pid)]).toString()) * 1024;
}

/** What a client puts into its own repo in a round: no two are alike. */
function largeOf(client: number, round: number): Buffer {
  return Buffer.alloc(LARGE_BYTES, `client ${client}, round ${round};`);
}

const ownRepo = (client: number): string => `own${client}`;

/** Puts by itself and in a commit that it opens, into its own repo and into the one that all share, and reads what it has put. */
async function work(client: number, round: number): Promise<void> {
  const remote = remotes[client] ?? expect.fail("no such client");
  const own = branch(ownRepo(client));
  await remote.client.modifyBranch(own, [{ kind: "put", path: "/large", content: largeOf(client, round) }]);
  const opened = await remote.client.startCommit(own);
  await remote.client.modifyCommit(opened, [{ kind: "put", path: "/small", content: Buffer.from(`${round}`) }]);
  await remote.client.finishCommit(opened);
  const line = Buffer.from(`${client} ${round}\n`);
  await remote.client.modifyBranch(branch("shared"), [
    { kind: "put", path: "/log", append: true, content: line },
    { kind: "put", path: `/${client}/${round}`, content: line },
  ]);
  const files = await remote.readAll(opened);
  expect(files.get("/large")?.equals(largeOf(client, round))).toBe(true);
  expect(files.get("/small")?.toString()).toBe(`${round}`);
  expect(await readText(remote.client, "shared", "master", `/${client}/${round}`)).toBe(`${client} ${round}\n`);
}

test(`${CLIENTS} clients at once: no error, no lost update, and no memory that grows`, { timeout: ROUNDS * 10_000 }, async () => {
  const [{ client } = expect.fail("no client")] = remotes;
  const clients = remotes.keys().toArray();
  for (const name of ["shared", ...clients.map(ownRepo)]) await client.createRepo(repo(name));
  const rounds = async (from: number, to: number): Promise<void> => {
    const all = clients.map(async (number) => {
      for (let round = from; round < to; round += 1) await work(number, round);
    });
    await Promise.all(all);
  };
  await rounds(0, WARM_UP_ROUNDS);
  const before = residentBytes();
  await rounds(WARM_UP_ROUNDS, ROUNDS);
  const grown = residentBytes() - before;

  const lines = (await readText(client, "shared", "master", "/log")).trimEnd().split("\n");
  const expected = clients.flatMap((number) => Array.from({ length: ROUNDS }, (_, round) => `${number} ${round}`));
  expect(lines.sort()).toEqual(expected.sort());
  expect(await Array.fromAsync(client.listCommits(repo("shared")))).toHaveLength(CLIENTS * ROUNDS);
  for (const number of clients) expect(await Array.fromAsync(client.listCommits(repo(ownRepo(number))))).toHaveLength(2 * ROUNDS);
  expect(await Array.fromAsync(client.checkStore())).toEqual([]);
  expect(engine.log).not.toContain("error");
  // What was put after the warm-up alone is more than this.
  expect(CLIENTS * (ROUNDS - WARM_UP_ROUNDS) * LARGE_BYTES).toBeGreaterThan(140 * MIB);
  expect(grown).toBeLessThan(100 * MIB);
});
