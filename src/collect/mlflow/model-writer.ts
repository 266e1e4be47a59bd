import type { ModelVersionNode } from "../../lineage/graph.ts";
import { encodeName } from "../../lineage/escapes.ts";
import type { IndexWriter } from "../../lineage/store/index-writer.ts";
import type { LineageIndex, NodeRecord } from "../../lineage/store/lineage-index.ts";
import type { Urn } from "../../lineage/urn.ts";
import { formatUrn } from "../../lineage/urn.ts";
import type { ModelVersion, RegisteredModel } from "../../mlflow/types.ts";
import { versionIdentity, versionStatement } from "./version-statement.ts";

/** What was read of one name in the registry. */
export interface ModelReading {
  readonly model: RegisteredModel;
  readonly versions: readonly ModelVersion[];
  /** Whether these are all its versions, so that others are gone. */
  readonly isWhole: boolean;
}

type VersionRecord = NodeRecord & { readonly node: ModelVersionNode };

/** Puts a name of the registry into an index: its versions, and where its aliases and stages point now. */
export function writeModel(
  index: LineageIndex,
  writer: IndexWriter,
  { model, versions, isWhole }: ModelReading,
  seen: Date,
): void {
  for (const version of versions) writeVersion(index, writer, version, aliasesOf(model, version.version), isWhole);
  if (isWhole) markOthersGone(index, writer, model.name, versions, seen);
  const { aliases, latest } = model;
  movePointers(index, writer, { scope: `alias:${model.name}`, model, targets: Object.entries(aliases), seen });
  const staged = latest.filter(({ stage }) => stage !== "None").map(({ stage, version }) => [stage, version] as const);
  movePointers(index, writer, { scope: `stage:${model.name}`, model, targets: staged, seen });
}

/** A name is gone, with all its versions, aliases and stages. */
export function forgetModel(index: LineageIndex, writer: IndexWriter, name: string, seen: Date): void {
  markOthersGone(index, writer, name, [], seen);
  for (const scope of [`alias:${name}`, `stage:${name}`])
    for (const pointer of pointersNow(index, scope).keys()) writer.point(scope, pointer, undefined, seen);
}

/** A version that is seen in passing is written only where its tags are other than they were. */
function writeVersion(
  index: LineageIndex,
  writer: IndexWriter,
  version: ModelVersion,
  aliases: readonly string[],
  isWhole: boolean,
): void {
  const statement = versionStatement(version, aliases);
  const known = isWhole ? undefined : findVersion(index, formatUrn(statement.node));
  if (known === undefined || JSON.stringify(known.node.tags) !== JSON.stringify(version.tags)) writer.say(statement);
}

function markOthersGone(
  index: LineageIndex,
  writer: IndexWriter,
  name: string,
  there: readonly ModelVersion[],
  seen: Date,
): void {
  const urns = new Set(there.map((version) => formatUrn(versionIdentity(version.name, version.version))));
  const known = [...index.recordsBeginning(`model-version:${encodeName(name)}/`)];
  for (const { node, gone } of known) {
    const urn = formatUrn(node);
    if (gone === undefined && !urns.has(urn)) writer.markGone(urn, seen);
  }
}

interface Pointers {
  readonly scope: string;
  readonly model: RegisteredModel;
  readonly targets: readonly (readonly [name: string, version: string])[];
  readonly seen: Date;
}

/** Points all names of a scope where they point now, and lets the versions say their aliases. */
function movePointers(index: LineageIndex, writer: IndexWriter, { scope, model, targets, seen }: Pointers): void {
  const before = pointersNow(index, scope);
  const now = new Map(targets.map(([name, version]) => [name, formatUrn(versionIdentity(model.name, version))]));
  for (const name of new Set([...before.keys(), ...now.keys()])) {
    const [from, to] = [before.get(name), now.get(name)];
    if (from === to) continue;
    writer.point(scope, name, to, seen);
    for (const urn of [from, to]) if (urn !== undefined) tellAliases(index, writer, urn, model);
  }
}

function tellAliases(index: LineageIndex, writer: IndexWriter, urn: Urn, model: RegisteredModel): void {
  const record = findVersion(index, urn);
  if (record === undefined || record.rank !== "source") return;
  const aliases = aliasesOf(model, String(record.node.version));
  writer.tell({ ...record, node: { ...record.node, aliases } });
}

function pointersNow(index: LineageIndex, scope: string): ReadonlyMap<string, Urn> {
  const open = index.labels({ scope }).filter(({ until }) => until === undefined);
  return new Map(open.map(({ name, target }) => [name, target]));
}

function aliasesOf({ aliases }: RegisteredModel, version: string): readonly string[] {
  return Object.keys(aliases)
    .filter((alias) => aliases[alias] === version)
    .sort();
}

function findVersion(index: LineageIndex, urn: Urn): VersionRecord | undefined {
  const record = index.record(urn);
  return record?.node.kind === "model-version" ? { ...record, node: record.node } : undefined;
}
