import type { Part } from "./parts.ts";

/** Lists that pachd answers in an order of its database's choice. */
const UNORDERED = /^(direct_)?(provenance|subvenance)$/;
/** Statistics: how long something took. */
const TOOK = /^(download|process|upload)_?time$/i;
const AGO = /\b(Less than a second|About a minute|About an hour|\d+ \w+) ago\b/g;

type Members = Readonly<Record<string, unknown>>;

/**
 * Output without what is no rule of pachd: the order of what it lists in no order, how long things took, and how large the
 * files are that tell of the worker (its environment, and how long each datum took), which pipelines keep in their meta repos.
 */
export function settled(parts: readonly Part[]): Part[] {
  return inRuns(parts.map(settledPart));
}

function settledPart(part: Part): Part {
  if ("line" in part) return { line: part.line.replace(AGO, "a while ago") };
  if ("message" in part) return { message: settledMessage(part.message) };
  const { heads, rows } = part.table;
  const named = rows.map(withoutSize);
  if (heads.includes("SIZE (MASTER)")) return { table: { heads, rows: inRuns(named) } };
  return { table: { heads, rows: heads.includes("REPO") ? sortedBy(named, (row) => row["REPO"] ?? "") : named } };
}

/** Within a commit set the repos have only the order of provenance; the commits of one repo keep theirs. */
function sortedBy<T>(items: readonly T[], key: (item: T) => string): T[] {
  return items.toSorted((first, second) => (key(first) < key(second) ? -1 : Number(key(first) > key(second))));
}

/** The repos of a pipeline, which are made at once, are listed in no order among themselves. */
function inRuns<T>(items: readonly T[]): T[] {
  const runs: T[][] = [];
  let last: string | undefined;
  for (const item of items) {
    const [name] = repoOf(item);
    if (name !== "" && name === last) runs.at(-1)?.push(item);
    else runs.push([item]);
    last = name;
  }
  return runs.flatMap((run) => sortedBy(run, (item) => repoOf(item)[1]));
}

/** The repo's name and type that a row or a message of `list repo` is about. */
function repoOf(item: unknown): [string, string] {
  const { NAME, message } = item as { NAME?: string; message?: { repo?: { name: string; type: string } } };
  const [name = "", type = "user"] = NAME === undefined ? [message?.repo?.name, message?.repo?.type] : NAME.split(".");
  return [name, type];
}

function withoutSize(row: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { NAME = "", REPO = "" } = row;
  const ofWorker = NAME.endsWith(".meta") || REPO.endsWith(".meta") || /^\/(meta|pfs)\/([^/]*\/)?(meta|\.env)?$/.test(NAME);
  if (!ofWorker) return row;
  return Object.fromEntries(Object.entries(row).map(([head, cell]) => [head, head.startsWith("SIZE") ? "" : cell]));
}

/** The same of a message alone. */
export function settledMessage(value: unknown, name = ""): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => settledMessage(item));
    return UNORDERED.test(name) ? sortedBy(items, withoutIds) : items;
  }
  if (typeof value === "string" && /^user_?spec_?json$/i.test(name)) return JSON.parse(value);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([key]) => !TOOK.test(key) && !(isOfMeta(value) && key.startsWith("size_bytes")));
  const settledMembers = members.map(([key, member]) => [key, settledMessage(member, key)] as const);
  return Object.fromEntries(isOfMeta(value) ? settledMembers.map(withoutDetailsSize) : settledMembers);
}

function withoutDetailsSize([key, member]: readonly [string, unknown]): readonly [string, unknown] {
  if (key !== "details") return [key, member];
  const { size_bytes: _, ...rest } = member as Members;
  return [key, rest];
}

function isOfMeta(value: object): boolean {
  const { repo, commit } = value as { repo?: { type?: string }; commit?: { repo?: { type?: string } } };
  return (repo ?? commit?.repo)?.type === "meta";
}

function withoutIds(item: unknown): string {
  return JSON.stringify(item).replaceAll(/[0-9a-f]{32}/g, "");
}
