import { expander, findFile } from "../src/collect/expand.ts";
import { sync } from "../src/collect/sync.ts";
import { formatUrn } from "../src/lineage/urn.ts";
import { LineageIndex } from "../src/lineage/store/lineage-index.ts";
import { walk } from "../src/lineage/walk.ts";
import type { Figure } from "./figure.ts";
import { median } from "./figure.ts";
import { MemoryServers } from "./lineage-sources.ts";

const SYNCS = 31;
const MANY_DATUMS = 10_000;
const FEW_DATUMS = 100;
const TRACES = 9;

/** What is read from servers: beside the same with a hundredth of what there is. The servers are in memory, and their time is not counted. */
export async function benchSync(): Promise<readonly Figure[]> {
  const [many, few] = [await filled(100_000, 10_000), await filled(100, 10)];
  const times = { many: [] as number[], few: [] as number[] };
  for (let turn = 0; turn < SYNCS; turn += 1) {
    times.few.push(await syncOne(few));
    times.many.push(await syncOne(many));
  }
  return [
    {
      work: "sync after a commit, 100,000 and 10,000 runs known (servers in memory)",
      ours: median(times.many),
      peer: median(times.few),
      peerName: "100 and 10 known",
      unit: "ms",
      limit: 1.5,
    },
    await benchDatums(),
  ];
}

interface Filled {
  readonly index: LineageIndex;
  readonly servers: MemoryServers;
}

async function filled(commits: number, runs: number): Promise<Filled> {
  const servers = new MemoryServers();
  servers.fill(commits, runs);
  const index = new LineageIndex(":memory:");
  await sync(index, servers.sources);
  return { index, servers };
}

function syncOne({ index, servers }: Filled): Promise<number> {
  servers.commit();
  return servers.time(() => sync(index, servers.sources));
}

async function benchDatums(): Promise<Figure> {
  const times = { many: [] as number[], few: [] as number[] };
  for (let turn = 0; turn <= TRACES; turn += 1) {
    const few = await traceFile(FEW_DATUMS);
    // The first ones warm the code.
    if (turn > 0) times.few.push(few / FEW_DATUMS);
    if (turn % 3 === 0) times.many.push((await traceFile(MANY_DATUMS)) / MANY_DATUMS);
  }
  return {
    work: `file-level trace through ${MANY_DATUMS} datums, each (servers in memory)`,
    ours: median(times.many) * 1_000,
    peer: median(times.few) * 1_000,
    peerName: `through ${FEW_DATUMS}`,
    unit: "us",
    limit: 2,
  };
}

/** Milliseconds from a question about one file to the whole answer, when no datum is in the index yet. */
async function traceFile(datums: number): Promise<number> {
  const servers = new MemoryServers();
  const { commit, path } = servers.joined(datums);
  using index = new LineageIndex(":memory:");
  await sync(index, servers.sources);
  const { repo, id } = commit;
  const urn = formatUrn({ kind: "commit", project: repo.project, repo: repo.name, type: "user", id });
  const file = await findFile(index, servers.sources, urn, path);
  if (file === undefined) throw new Error(`there is no ${path}`);
  const root = formatUrn(file);
  const expand = expander(index, servers.sources);
  return await servers.time(async () => {
    const { nodes } = await walk(index, root, { direction: "up" }, expand);
    if (nodes.size < 3 * datums) throw new Error(`the trace has ${nodes.size} nodes, not three a datum`);
  });
}
