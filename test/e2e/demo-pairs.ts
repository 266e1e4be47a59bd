import type { CommandResult } from "../cli/terminal.ts";

/** What the demo made, each as a user names it. */
export interface DemoThings {
  readonly rawFile: string;
  readonly chunk: string;
  readonly etlFile: string;
  readonly run: string;
  readonly model: string;
  readonly rawCommit: string;
  readonly commit: string;
  readonly version: string;
  readonly code: string;
}

/** Each thing, and all that it came from. */
const ABOVE: Readonly<Record<keyof DemoThings, ReadonlyArray<keyof DemoThings>>> = {
  rawFile: ["rawCommit"],
  chunk: ["rawFile", "rawCommit"],
  etlFile: ["chunk", "rawFile", "rawCommit"],
  run: ["etlFile", "chunk", "rawFile", "rawCommit", "version", "code"],
  model: ["run", "etlFile", "chunk", "rawFile", "rawCommit", "version", "code"],
  commit: ["run", "etlFile", "chunk", "rawFile", "rawCommit", "version", "code"],
  rawCommit: [],
  version: [],
  code: [],
};

/** Every ordered pair of things of which one came from the other. */
function linkedPairs(things: DemoThings): ReadonlyArray<readonly [string, string]> {
  const names = Object.keys(ABOVE) as Array<keyof DemoThings>;
  const pairs = names.flatMap((later) => ABOVE[later].map((earlier) => [things[later], things[earlier]] as const));
  return pairs.flatMap(([later, earlier]) => [[later, earlier] as const, [earlier, later] as const]);
}

/** Asks how one thing of each pair came from the other, each time by one command. Names the pairs whose answer is not whole, or does not end with the two. */
export async function unansweredPairs(
  things: DemoThings,
  stemma: (argv: readonly string[]) => Promise<Pick<CommandResult, "code" | "out" | "err">>,
): Promise<readonly string[]> {
  const unanswered: string[] = [];
  for (const [one, other] of linkedPairs(things)) {
    const { code, out, err } = await stemma(["path", one, other, "--no-sync", "-o", "json"]);
    const ends = code === 0 ? endsOf(out) : [];
    if (!sameEnds(ends, [one, other])) unanswered.push(`${one} ${other}: ${code} ${ends.join(" ")} ${err}`);
  }
  return unanswered;
}

/** The references of the way's two ends. */
function endsOf(out: string): readonly string[] {
  const { complete, nodes, shortest } = JSON.parse(out) as {
    readonly complete: boolean;
    readonly nodes: ReadonlyArray<{ readonly urn: string; readonly reference: string }>;
    readonly shortest: readonly string[];
  };
  const reference = (urn: string | undefined): string => nodes.find((node) => node.urn === urn)?.reference ?? "";
  return complete ? [reference(shortest[0]), reference(shortest.at(-1))] : [];
}

function sameEnds(ends: readonly string[], asked: readonly string[]): boolean {
  return [...ends].sort().join() === [...asked].sort().join();
}
