import { headline, nameOf } from "../describe.ts";
import type { Edge, EdgeKind } from "../graph.ts";
import { bareNode, isMembership } from "../graph.ts";
import type { Ways } from "../paths.ts";
import type { Urn } from "../urn.ts";
import { concludingLines, countText } from "./words.ts";

/** How a thing is bound to the one below it, from the later one's side and from the earlier one's. */
const WORDS: Readonly<Record<EdgeKind, readonly [up: string, down: string]>> = {
  used: ["used", "was used by"],
  generated: ["was made by", "made"],
  derived: ["came from", "led to"],
  within: ["within", "holds"],
  of: ["ran as", "was run as"],
};

/** The shortest way in words, a step a line, and how many others there are. The lines are ended. */
export function drawWays(ways: Ways): string {
  const { count, gaps, shortest } = ways;
  const lines =
    count === 0n
      ? [`no way between ${nameOf(nodeAt(ways, ways.from))} and ${nameOf(nodeAt(ways, ways.to))}`]
      : [...shortest.map((urn, index) => lineOf(ways, urn, shortest[index - 1])), ...otherWays(ways)];
  return `${[...lines, ...concludingLines(gaps)].join("\n")}\n`;
}

function lineOf(ways: Ways, urn: Urn, before: Urn | undefined): string {
  const text = headline(nodeAt(ways, urn));
  return before === undefined ? text : `  ${wordsBetween(ways.edges, before, urn)}  ${text}`;
}

function wordsBetween(edges: readonly Edge[], before: Urn, urn: Urn): string {
  const up = edges.find(({ from, to }) => from === before && to === urn);
  if (up !== undefined) return isMembership(up) ? "holds" : WORDS[up.kind][0];
  const down = edges.find(({ from, to }) => from === urn && to === before);
  if (down === undefined) return "";
  return isMembership(down) ? "lies in" : WORDS[down.kind][1];
}

function otherWays({ count, nodes }: Ways): readonly string[] {
  if (count === 1n) return ["the only way"];
  return [`the shortest of ${count.toLocaleString("en-US")} ways, over ${countText(nodes.size, "thing")} in all`];
}

function nodeAt({ nodes }: Ways, urn: Urn) {
  return nodes.get(urn) ?? bareNode(urn);
}
