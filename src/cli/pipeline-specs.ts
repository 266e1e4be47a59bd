import { readFile, readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { JsonObject } from "../engine/pps/proto-json.ts";
import { StemmaError } from "../lineage/errors.ts";
import type { PipelineName } from "../pachyderm/types.ts";
import { type SpecChanges, changeSpecs } from "./apply/change-specs.ts";
import { inDataOrder, inputRepos } from "./apply/data-order.ts";
import { checkResources } from "./apply/quantities.ts";
import { type SpecDocument, nameOf, parseFrom, toDocuments } from "./apply/spec-document.ts";
import { specFields } from "./apply/spec-fields.ts";
import { formatName } from "./names.ts";

/** A pipeline as a user specifies it. */
export interface PipelineSpec {
  readonly pipeline: PipelineName;
  /** As a server takes it, the project filled in. */
  readonly json: string;
  /** The repos that it reads. */
  readonly inputs: readonly PipelineName[];
  /** What it says, in the form in which specs are compared. */
  readonly fields: JsonObject;
}

const NO_CHANGES: SpecChanges = { images: [], settings: [] };

interface SpecSource {
  readonly cwd: string;
  readonly stdin: Readable;
}

/** Reads specs from files, folders of *.json files, or "-", so ordered that each comes after those it reads from. */
export async function readPipelineSpecs(
  { cwd, stdin }: SpecSource,
  files: readonly string[],
  changes: SpecChanges = NO_CHANGES,
): Promise<PipelineSpec[]> {
  const found: SpecDocument[] = [];
  const read = (source: string): Promise<string> =>
    source === "-" ? text(stdin) : orMissing(source, readFile(resolve(cwd, source), "utf8"));
  for (const file of files) {
    for (const source of await sourcesOf(cwd, file))
      found.push(...toDocuments(await read(source), source === "-" ? "standard input" : source));
  }
  if (found.length === 0) throw new StemmaError("USAGE", `there is no pipeline spec in ${files.join(", ")}.`);
  return inDataOrder(changeSpecs(found, changes).map(toSpec));
}

async function sourcesOf(cwd: string, file: string): Promise<string[]> {
  if (file === "-" || !(await orMissing(file, stat(resolve(cwd, file)))).isDirectory()) return [file];
  const names = await readdir(resolve(cwd, file));
  return names
    .filter((name) => name.endsWith(".json"))
    .toSorted()
    .map((name) => join(file, name));
}

async function orMissing<Found>(file: string, found: Promise<Found>): Promise<Found> {
  try {
    return await found;
  } catch (error) {
    throw new StemmaError("NOT_FOUND", `${file} can't be read: ${(error as Error).message}`, { cause: error });
  }
}

function toSpec({ origin, document }: SpecDocument): PipelineSpec {
  const pipeline = nameOf(document, origin);
  const fields = specFields(document);
  checkResourcesOf(pipeline, fields);
  return {
    pipeline,
    json: JSON.stringify(document),
    inputs: inputRepos(parseFrom(origin, document).input, pipeline.project),
    fields,
  };
}

function checkResourcesOf(pipeline: PipelineName, fields: JsonObject): void {
  try {
    checkResources(fields);
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
    throw new StemmaError(error.code, `pipeline ${formatName(pipeline)}: ${error.message}`, { hint: error.hint, cause: error });
  }
}
