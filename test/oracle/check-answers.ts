import { impactOf } from "../../src/lineage/impact.ts";
import { paths } from "../../src/lineage/paths.ts";
import type { NodeKind, Urn } from "../../src/lineage/urn.ts";
import { formatUrn, parseUrn } from "../../src/lineage/urn.ts";
import type { Trace, WalkOptions } from "../../src/lineage/answer.ts";
import type { Random } from "../../src/stages/random.ts";
import type { Answer, Field } from "./brute-force.ts";
import { bruteForce, waysBetween } from "./brute-force.ts";
import type { View } from "./fields.ts";
import { coarseField, fineField, isBeyondFiles } from "./fields.ts";
import type { Ledger } from "./ledger.ts";
import type { Observer } from "./observer.ts";
import { commitOf } from "./statements.ts";
import { chance, pick } from "./world.ts";

const KINDS: ReadonlyArray<readonly NodeKind[]> = [["run"], ["commit", "model-version"], ["job", "run", "dataset"]];
const OUTCOMES: ReadonlySet<NodeKind> = new Set(["run", "logged-model", "model-version"]);

/** A question with the answer that was given and the one that is true, or nothing where they agree. */
export type Disagreement = { readonly question: string; readonly given: unknown; readonly truth: unknown } | undefined;

/** Puts random questions to the index, and compares each answer with the brute force's. */
export async function* disagreements(
  observer: Observer,
  random: Random,
  count: number,
): AsyncIterable<NonNullable<Disagreement>> {
  for (let left = count; left > 0; left -= 1) {
    const view = anyView(observer, random);
    for (const found of [
      await checkTrace(observer, random, view),
      await checkFiles(observer, random, view),
      await checkPaths(observer, random, view),
    ])
      if (found !== undefined) yield found;
  }
}

function anyView(observer: Observer, random: Random): View {
  const start = Date.parse("2026-11-21T10:00:00Z");
  const span = observer.world.now.getTime() - start;
  return {
    // Half-way between two ticks, so that nothing happens just then.
    asOf: chance(random, 35) ? new Date(start + Math.floor((random.unit() * span) / 1000) * 1000 + 500) : undefined,
    attempts: chance(random, 25),
    goneAt: (urn) => observer.index.record(urn)?.gone,
  };
}

async function checkTrace(observer: Observer, random: Random, view: View): Promise<Disagreement> {
  const all = [...observer.ledger.said.keys()];
  const root = pick(all, random.below(99_999));
  if (root === undefined) return undefined;
  const field = coarseField(observer, view);
  const endKind: NodeKind | undefined = chance(random, 20)
    ? (pick(["job", "run", "commit"], random.below(3)) as NodeKind)
    : undefined;
  const isEnd = endKind === undefined ? undefined : (urn: Urn): boolean => parseUrn(urn).kind === endKind;
  const question = {
    root,
    direction: pick(["up", "down", "both"] as const, random.below(3)) ?? "up",
    maxDepth: chance(random, 25) ? random.below(6) : undefined,
    isEnd,
  };
  const options: WalkOptions = {
    direction: question.direction,
    level: "commit",
    maxDepth: question.maxDepth,
    asOf: view.asOf,
    attempts: view.attempts,
    ...(endKind === undefined ? {} : { until: ({ kind }) => kind === endKind }),
  };
  const trace = await observer.trace(root, options);
  const truth = bruteForce(field, question);
  const text = `trace ${root} ${JSON.stringify({ ...options, until: endKind })}`;
  const found = compare(text, answerOf(trace), truth);
  if (found !== undefined) return found;
  const kinds = pick(KINDS, random.below(KINDS.length)) ?? [];
  const shown = await observer.trace(root, { ...options, kinds });
  return (
    compare(`${text} kinds ${kinds.join()}`, onlyNodes(shown), {
      nodes: truth.nodes.filter((urn) => urn === root || isKind(urn, kinds)),
      edges: [],
      isComplete: truth.isComplete,
    }) ?? checkImpact(observer, trace, view, truth, text, question.direction)
  );
}

/** Things that people act upon, and which of them are in use. */
function checkImpact(
  { index, ledger }: Observer,
  trace: Trace,
  { asOf }: View,
  truth: Answer,
  text: string,
  direction: string,
): Disagreement {
  if (direction !== "down") return undefined;
  const rows = impactOf(trace, index, { asOf });
  const given = rows.map(
    ({ node, live, labels }) =>
      `${formatUrn(node)} ${live} ${labels
        .map(({ scope, name }) => `${scope} ${name}`)
        .sort()
        .join()}`,
  );
  const expected = truth.nodes
    .filter((urn) => urn !== trace.root && OUTCOMES.has(parseUrn(urn).kind))
    .map((urn) => {
      const names = pointersTo(ledger, urn as Urn, asOf);
      const isLive = names.some((name) => name.startsWith("alias:") || /^stage:\S+ (Production|Staging)$/.test(name));
      return `${urn} ${isLive} ${names.sort().join()}`;
    });
  return given.sort().join("\n") === expected.sort().join("\n")
    ? undefined
    : { question: `impact of ${text}`, given, truth: expected };
}

function pointersTo({ pointers }: Ledger, urn: Urn, asOf: Date | undefined): string[] {
  const isOpen = pointers.filter(
    ({ target, since, until }) =>
      target === urn && (asOf === undefined ? until === undefined : since <= asOf && (until === undefined || until > asOf)),
  );
  return isOpen.map(({ scope, name }) => `${scope} ${name}`);
}

async function checkFiles(observer: Observer, random: Random, view: View): Promise<Disagreement> {
  const field = fineField(observer, view);
  const direction = chance(random, 50) ? "up" : "down";
  const root = chance(random, 70)
    ? await anyFile(observer, random)
    : pick(
        [...observer.ledger.said.keys()].filter((urn) => isKind(urn, ["run"])),
        random.below(9999),
      );
  if (root === undefined) return undefined;
  const truth = bruteForce(field, { root, direction });
  if (truth.nodes.some((urn) => isBeyondFiles(observer, urn as Urn))) return undefined;
  const trace = await observer.trace(root, { direction, level: "file", asOf: view.asOf, attempts: view.attempts });
  return compare(`files of ${root} ${direction} ${JSON.stringify(view)}`, answerOf(trace), truth);
}

async function anyFile(observer: Observer, random: Random): Promise<Urn | undefined> {
  const commits = [...observer.world.commits.values()].filter(({ name, files }) => name.repo.type === "user" && files.size > 0);
  const commit = pick(commits, random.below(9999));
  const path = pick([...(commit?.files.keys() ?? [])], random.below(9999));
  return commit === undefined || path === undefined ? undefined : observer.find(formatUrn(commitOf(commit.name)), path);
}

async function checkPaths(observer: Observer, random: Random, view: View): Promise<Disagreement> {
  const field = coarseField(observer, view);
  const from = pick([...observer.ledger.said.keys()], random.below(99_999));
  if (from === undefined) return undefined;
  const above = bruteForce(field, { root: from, direction: "up" }).nodes.filter((urn) => urn !== from);
  const to = (
    chance(random, 80) ? pick(above, random.below(9999)) : pick([...observer.ledger.said.keys()], random.below(9999))
  ) as Urn | undefined;
  if (to === undefined || to === from) return undefined;
  const ways = await paths(observer.index, from, to, { level: "commit", asOf: view.asOf, attempts: view.attempts });
  const truth = bestWay(field, from, to);
  const given = {
    nodes: [...ways.nodes.keys()].sort(),
    edges: ways.edges.map(textOf).sort(),
    count: ways.count,
    length: ways.shortest.length - 1,
  };
  const expected = { nodes: truth.nodes, edges: truth.edges, count: truth.count, length: truth.count === 0n ? -1 : truth.length };
  const isSame = [given, expected].map((each) => JSON.stringify({ ...each, count: String(each.count) }));
  return isSame[0] === isSame[1] ? undefined : { question: `path ${from} ${to} ${JSON.stringify(view)}`, given, truth: expected };
}

/** That way round, or else the other. */
function bestWay(field: Field, from: Urn, to: Urn): ReturnType<typeof waysBetween> {
  const ways = waysBetween(field, from, to);
  return ways.count > 0n ? ways : waysBetween(field, to, from);
}

function compare(question: string, given: Answer, truth: Answer): Disagreement {
  const missing = {
    nodes: truth.nodes.filter((each) => !given.nodes.includes(each)),
    edges: truth.edges.filter((each) => !given.edges.includes(each)),
  };
  const tooMany = {
    nodes: given.nodes.filter((each) => !truth.nodes.includes(each)),
    edges: given.edges.filter((each) => !truth.edges.includes(each)),
  };
  const isSame = [missing, tooMany].every(({ nodes, edges }) => nodes.length + edges.length === 0);
  if (isSame && given.isComplete === truth.isComplete) return undefined;
  return { question, given: { ...tooMany, isComplete: given.isComplete }, truth: { ...missing, isComplete: truth.isComplete } };
}

/** An answer of ours, to be compared. */
export function answerOf({ nodes, edges, complete }: Trace): Answer {
  return { nodes: [...nodes.keys()].sort(), edges: edges.map(textOf).sort(), isComplete: complete };
}

function onlyNodes(trace: Trace): Answer {
  return { ...answerOf(trace), edges: [] };
}

function textOf({ from, kind, to }: Trace["edges"][number]): string {
  return `${from} ${kind} ${to}`;
}

function isKind(urn: string, kinds: readonly NodeKind[]): boolean {
  return kinds.includes(parseUrn(urn).kind);
}
