import type { Sources } from "../collect/ports.ts";
import { nameOf } from "../lineage/describe.ts";
import { StemmaError } from "../lineage/errors.ts";
import type { CommitNode, Node } from "../lineage/graph.ts";
import { labelNames } from "../lineage/known-names.ts";
import { referenceTo, sourcesOf } from "../lineage/reference.ts";
import { resolve } from "../lineage/resolve.ts";
import type { LineageIndex } from "../lineage/store/lineage-index.ts";
import { formatUrn } from "../lineage/urn.ts";
import type { Expander, Gap } from "../lineage/answer.ts";
import { oneLine } from "./exit.ts";
import { lastSync } from "./last-sync.ts";

/** What of a session a reference is looked up in. */
interface Here {
  readonly index: LineageIndex;
  readonly expander: Expander;
  readonly connect: () => Promise<Sources>;
  /** The sources that could not be asked. */
  readonly gaps: readonly Gap[];
  /** False when what is new was not read first. */
  readonly isSynced: boolean;
}

/** The node that a reference means; a server is asked only for a file or a datum. Rejects with USAGE, NOT_FOUND or UNREACHABLE. */
export async function resolveHere(here: Here, text: string, asOf?: Date): Promise<Node> {
  try {
    const found = resolve(here.index, text, asOf);
    return "node" in found ? await knownNode(here, found.node) : await readFile(here, found.commit, found.path);
  } catch (error) {
    if (error instanceof StemmaError && error.code === "NOT_FOUND") throw explain(here, error, text);
    if (error instanceof StemmaError && error.code === "USAGE") throw suggest(here.index, error, text);
    throw error;
  }
}

/** A datum is known once the datums of its job were read. */
async function knownNode({ index, expander }: Here, node: Node): Promise<Node> {
  const urn = formatUrn(node);
  const gaps = index.record(urn) === undefined ? await expander.expand([urn], "up") : [];
  const known = index.record(urn)?.node;
  if (known !== undefined) return known;
  const gap = gaps.find(({ effect }) => effect === "missing");
  if (gap !== undefined) throw new StemmaError("UNREACHABLE", `${gap.why}.`);
  throw new StemmaError("NOT_FOUND", `there is no ${nameOf(node)}.`);
}

async function readFile({ index, connect }: Here, commit: CommitNode, path: string): Promise<Node> {
  const { findFile } = await import("../collect/expand.ts");
  const file = await findFile(index, await connect(), formatUrn(commit), path);
  if (file !== undefined) return file;
  const reference = referenceTo(commit);
  throw new StemmaError("NOT_FOUND", `no file ${path} in ${reference}.`, { hint: `List them: stemma ls ${reference}` });
}

/** What a name alone may have meant. */
function suggest(index: LineageIndex, error: StemmaError, text: string): StemmaError {
  const [branch] = labelNames(index, `branch:${text.includes("/") ? text : `default/${text}`}`);
  const [alias] = labelNames(index, `alias:${text}`);
  const meant = branch === undefined ? alias && `models:/${text}@${alias}` : `${text}@${branch}`;
  if (meant === undefined) return error;
  return new StemmaError("USAGE", error.message, { hint: `Did you mean: ${meant}`, cause: error });
}

/** Says so when what is not found may be there all the same: nobody could be asked, or nobody was. */
function explain({ index, gaps, isSynced }: Here, error: StemmaError, text: string): StemmaError {
  const unknown = gaps.find(({ at }) => sourcesOf(text).some((name) => at.endsWith(`:${name}`)));
  if (unknown !== undefined)
    return new StemmaError("UNREACHABLE", `${oneLine(error).replace(/[^.]$/, "$&.")} ${unknown.why}.`, { cause: error });
  const isEmpty = index.get("SELECT 1 FROM node LIMIT 1") === undefined;
  if (isSynced || (error.hint !== undefined && !isEmpty)) return error;
  const last = lastSync(index);
  const hint = `${last === undefined ? "Nothing was read into the index yet" : `The index is of ${last}`}: leave out --no-sync.`;
  return new StemmaError("NOT_FOUND", error.message, { hint, cause: error });
}
