import { headline } from "../lineage/describe.ts";
import { knownModels, knownRepos, labelNames, shortName } from "../lineage/known-names.ts";
import { parseDataReference, referenceTo } from "../lineage/reference.ts";
import { resolve } from "../lineage/resolve.ts";
import type { LineageIndex, NodeRecord } from "../lineage/store/lineage-index.ts";

/** A word that could stand here, and what it is. */
export type Completion = readonly [word: string, about: string];

const MOST = 50;
/** So many digits of an id say which one it is, nearly always. */
const SHORT = 12;

/** The references that the beginning of one could become. */
export function completeReference(index: LineageIndex, begun: string): readonly Completion[] {
  if (begun.startsWith("models:")) return models(index);
  if (begun.includes("@")) return begun.includes(":") ? files(index, begun) : commits(index, begun);
  const runs = /^[0-9a-f]+$/.test(begun) ? list(index, `run:${begun}`, runWord) : [];
  return [...branches(index), ...models(index), ...runs];
}

function branches(index: LineageIndex): readonly Completion[] {
  return knownRepos(index).flatMap((repo) => {
    const names = labelNames(index, `branch:${repo}`);
    return names.map((name): Completion => [`${shortName(repo)}@${name}`, "branch"]);
  });
}

/** After `repo@`: its branches, and the ids that begin so. */
function commits(index: LineageIndex, begun: string): readonly Completion[] {
  const [owner = "", digits = ""] = begun.split("@");
  const repo = owner.includes("/") ? owner : `default/${owner}`;
  const names = labelNames(index, `branch:${repo}`).map((name): Completion => [`${owner}@${name}`, "branch"]);
  const ids = digits === "" ? [] : list(index, `commit:${repo}@${digits}`, ({ node }) => [referenceTo(node), headline(node)]);
  return [...names, ...ids];
}

/** After `repo@branch:`, the files that the index happens to know. */
function files(index: LineageIndex, begun: string): readonly Completion[] {
  const place = begun.slice(0, begun.indexOf(":"));
  const found = resolve(index, place);
  if (!("node" in found) || found.node.kind !== "commit") return [];
  const { project, repo, id } = found.node;
  return list(index, `file:${project}/${repo}@${id}:`, ({ node }) => [
    `${place}:${node.kind === "file" ? node.path : ""}`,
    "file",
  ]).filter(([word]) => parseDataReference(word).path !== undefined);
}

function models(index: LineageIndex): readonly Completion[] {
  return knownModels(index).flatMap((name) => aliasesOf(index, name).concat(versionsOf(index, name)));
}

function aliasesOf(index: LineageIndex, name: string): readonly Completion[] {
  return labelNames(index, `alias:${name}`).map((alias) => [`models:/${name}@${alias}`, "alias"]);
}

function versionsOf(index: LineageIndex, name: string): readonly Completion[] {
  return list(index, `model-version:${encodeURIComponent(name)}/`, ({ node }) => [referenceTo(node), headline(node)]);
}

function runWord({ node }: NodeRecord): Completion {
  return [referenceTo(node).slice(0, SHORT), node.kind === "run" ? (node.name ?? "run") : "run"];
}

function list(index: LineageIndex, prefix: string, toWord: (record: NodeRecord) => Completion): readonly Completion[] {
  return Iterator.from(index.recordsBeginning(prefix)).take(MOST).map(toWord).toArray();
}
