import { hash, randomBytes } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { pfs } from "../src/pachyderm/services.ts";
import type { BranchName } from "../src/pachyderm/types.ts";
import { openDatabase, wire } from "./engine-files.ts";
import { type Bench, drain, fill, newBranch, randomFiles, timeMs } from "./engine.ts";
import { type Figure, median } from "./figure.ts";

const ROUNDS = 3;
const AUTO_COMMITS = 1000;
const MANY_FILES = 1_000_000;
const FEW_FILES = 1000;
const CHANGES = 100;
const LONG_CHAIN = 10_000;
const SHORT_CHAIN = 100;
const INSPECTIONS = 100;
const MOST_GROWTH_KIB = 100;

/** Commits made, listed, and made of much. */
export async function benchCommits(bench: Bench): Promise<Figure[]> {
  const autoCommits = await benchAutoCommits(bench);
  return [autoCommits, await benchList(bench), ...(await benchChange(bench)), ...(await benchChain(bench))];
}

async function benchAutoCommits(bench: Bench): Promise<Figure> {
  const branch = await newBranch(bench, "auto");
  const db = openDatabase(join(bench.folder, "auto.db"));
  const insert = db.prepare("INSERT INTO blobs VALUES (?, ?)");
  const commit = { repo: branch.repo, id: "" };
  let [ours, bound] = [0, 0];
  for (let index = 0; index < AUTO_COMMITS; index += 1) {
    const content = randomBytes(1024);
    ours += await timeMs(() => bench.ours.modifyBranch(branch, [{ kind: "put", path: `/f${index}`, content }]));
    bound += await timeMs(async () => {
      await bench.bare.finishCommit(commit);
      insert.run(hash("sha256", content), content);
    });
  }
  db.close();
  return {
    work: "1,000 auto-commits of 1 KiB",
    ours,
    peer: bound,
    peerName: "empty call + one SQLite transaction each",
    unit: "ms",
    limit: 2.5,
    elsewhere: "228 s (60 to 220 ms each)",
  };
}

/** Those that benchAutoCommits made. */
async function benchList({ engine, empty }: Bench): Promise<Figure> {
  const request = { repo: wire({ project: "default", name: "auto", type: "user" }), number: String(AUTO_COMMITS) };
  const { last: commit } = await drain(engine.address, pfs.ListCommit, { ...request, number: "2" });
  await empty.use({ file: {}, commit });
  const [times, bounds]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS * 3; round += 1) {
    times.push(await timeMs(() => drain(engine.address, pfs.ListCommit, request)));
    bounds.push(await timeMs(() => drain(empty.address, pfs.ListCommit, request)));
  }
  return {
    work: "list 1,000 commits",
    ours: median(times),
    peer: median(bounds),
    peerName: "as many messages from an empty handler",
    unit: "ms",
    limit: 2.5,
    elsewhere: "32 s",
  };
}

/** One change in a large repo, with a thousand files a folder, beside one in a small repo. */
async function benchChange(bench: Bench): Promise<Figure[]> {
  const [many, few] = [await newBranch(bench, "many"), await newBranch(bench, "few")];
  const folder = (index: number): string => `/d${String(Math.floor(index / FEW_FILES)).padStart(4, "0")}`;
  await fill(bench, many, MANY_FILES, 8, folder);
  await fill(bench, few, FEW_FILES, 8, folder);
  const times = { commit: [], commitFew: [], diff: [], diffFew: [] } as Record<
    "commit" | "commitFew" | "diff" | "diffFew",
    number[]
  >;
  const change = (branch: BranchName, index: number): Promise<void> =>
    bench.ours.modifyBranch(branch, [...randomFiles(1, 8, folder, index)]);
  const diff = (branch: BranchName): Promise<unknown> => {
    const repo = wire(branch.repo);
    const head = { repo, branch: { repo, name: "master" } };
    return drain(bench.engine.address, pfs.DiffFile, { new_file: { commit: head, path: "/" } });
  };
  for (let round = 0; round < CHANGES; round += 1) {
    times.commit.push(await timeMs(() => change(many, (round * 7919) % MANY_FILES)));
    times.diff.push(await timeMs(() => diff(many)));
    times.commitFew.push(await timeMs(() => change(few, (round * 7919) % FEW_FILES)));
    times.diffFew.push(await timeMs(() => diff(few)));
  }
  const before = diskBytes(bench.engine.home);
  for (let round = 0; round < CHANGES; round += 1) await change(many, (round * 7907) % MANY_FILES);
  const growthKiB = (diskBytes(bench.engine.home) - before) / 1024 / CHANGES;
  const beside = { peerName: "the same with 1,000 files", unit: "ms", limit: 2 };
  return [
    { work: "commit one change to 1,000,000 files", ours: median(times.commit), peer: median(times.commitFew), ...beside },
    { work: "diff of two such commits", ours: median(times.diff), peer: median(times.diffFew), ...beside },
    {
      work: "disk used by one such commit",
      ours: growthKiB,
      peer: MOST_GROWTH_KIB,
      peerName: "the limit",
      unit: "KiB",
      limit: 1,
    },
  ];
}

function diskBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** A branch with many commits behind it, beside one with few. */
async function benchChain(bench: Bench): Promise<Figure[]> {
  const [long, short] = [await newBranch(bench, "long"), await newBranch(bench, "short")];
  for (const [branch, length] of [
    [long, LONG_CHAIN],
    [short, SHORT_CHAIN],
  ] as const) {
    for (let index = 0; index < length; index += 1) {
      await bench.ours.modifyBranch(branch, [{ kind: "put", path: "/f", content: randomBytes(8) }]);
    }
  }
  const times = { inspect: [], inspectShort: [], list: [], listShort: [] } as Record<
    "inspect" | "inspectShort" | "list" | "listShort",
    number[]
  >;
  const inspect = ({ repo, name: at }: BranchName): Promise<unknown> => bench.ours.inspectCommit({ repo, at });
  const list = ({ repo, name: to }: BranchName): Promise<unknown> =>
    Array.fromAsync(bench.ours.listCommits(repo, { to, number: SHORT_CHAIN }));
  for (let round = 0; round < INSPECTIONS; round += 1) {
    times.inspect.push(await timeMs(() => inspect(long)));
    times.inspectShort.push(await timeMs(() => inspect(short)));
    times.list.push(await timeMs(() => list(long)));
    times.listShort.push(await timeMs(() => list(short)));
  }
  const beside = { peerName: "the same with 100 commits", unit: "ms", limit: 1.5 };
  return [
    {
      work: "inspect the head of a branch of 10,000 commits",
      ours: median(times.inspect),
      peer: median(times.inspectShort),
      ...beside,
      elsewhere: "29 ms",
    },
    {
      work: "list its first 100 commits",
      ours: median(times.list),
      peer: median(times.listShort),
      ...beside,
      elsewhere: "2.2 s",
    },
  ];
}
