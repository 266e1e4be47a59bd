import { readFile, readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { parseSpec } from "../engine/pps/spec-json.ts";
import { StemmaError } from "../lineage/errors.ts";
import type { Input__Output as Input } from "../pachyderm/generated/pps_v2/Input.ts";
import type { PipelineName } from "../pachyderm/types.ts";
import { parseJsonDocuments } from "./json-documents.ts";
import { formatName } from "./names.ts";

/** A pipeline as a user specifies it. */
export interface PipelineSpec {
  readonly pipeline: PipelineName;
  /** As a server takes it, the project filled in. */
  readonly json: string;
  /** The repos that it reads. */
  readonly inputs: readonly PipelineName[];
  /** Whether another spec's JSON says the same, in whatever order and layout. */
  readonly isSameAs: (json: string) => boolean;
}

type JsonObject = Readonly<Record<string, unknown>>;

interface SpecSource {
  readonly cwd: string;
  readonly stdin: Readable;
}

/** Reads specs from files, folders of *.json files, or "-", so ordered that each comes after those it reads from. */
export async function readPipelineSpecs({ cwd, stdin }: SpecSource, files: readonly string[]): Promise<PipelineSpec[]> {
  const specs: PipelineSpec[] = [];
  const read = (source: string): Promise<string> =>
    source === "-" ? text(stdin) : orMissing(source, readFile(resolve(cwd, source), "utf8"));
  for (const file of files) {
    for (const source of await sourcesOf(cwd, file))
      specs.push(...toSpecs(await read(source), source === "-" ? "standard input" : source));
  }
  if (specs.length === 0) throw new StemmaError("USAGE", `there is no pipeline spec in ${files.join(", ")}.`);
  return inDataOrder(specs);
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

function toSpecs(json: string, origin: string): PipelineSpec[] {
  return parseJsonDocuments(json, origin)
    .flat()
    .map((document) => toSpec(document, origin));
}

function toSpec(document: unknown, origin: string): PipelineSpec {
  const json = JSON.stringify(withProject(document));
  const request = parseFrom(origin, json);
  const { name, project } = request.pipeline ?? {};
  if (!name) throw new StemmaError("USAGE", `${origin}: a spec has no pipeline.name.`);
  const pipeline = { project: project?.name || "default", name };
  return {
    pipeline,
    json,
    inputs: inputRepos(request.input, pipeline.project),
    isSameAs: (other) => canonical(document) === canonical(other === "" ? undefined : JSON.parse(other)),
  };
}

function parseFrom(origin: string, json: string): ReturnType<typeof parseSpec> {
  try {
    return parseSpec(json);
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
    throw new StemmaError(error.code, `${origin}: ${error.message}.`, { hint: error.hint, cause: error });
  }
}

/** As pachctl does before it sends a spec: `$schema` is for editors, and a pipeline is in some project. */
function withProject(document: unknown): unknown {
  if (!isObject(document)) return document;
  const { $schema: _schema, pipeline, ...rest } = document;
  if (!isObject(pipeline)) return { ...rest, ...(pipeline !== undefined && { pipeline }) };
  return { pipeline: { project: { name: "default" }, ...pipeline }, ...rest };
}

function canonical(document: unknown): string {
  return JSON.stringify(withProject(document), (_key, value: unknown) =>
    isObject(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function inputRepos(input: Input | undefined, project: string): PipelineName[] {
  if (input === undefined) return [];
  const { pfs, cross = [], union = [], join: joined = [], group = [] } = input;
  const nested = [...cross, ...union, ...joined, ...group].flatMap((child) => inputRepos(child, project));
  const isData = pfs?.repo !== undefined && (pfs.repo_type ?? "user") === "user";
  return isData ? [{ project: pfs.project || project, name: pfs.repo ?? "" }, ...nested] : nested;
}

function inDataOrder(specs: readonly PipelineSpec[]): PipelineSpec[] {
  const byName = new Map<string, PipelineSpec>();
  for (const spec of specs) {
    const name = formatName(spec.pipeline);
    if (byName.has(name)) throw new StemmaError("USAGE", `pipeline ${name} is specified twice.`);
    byName.set(name, spec);
  }
  const ordered = new Set<PipelineSpec>();
  const visit = (spec: PipelineSpec, readers: readonly PipelineSpec[]): void => {
    if (readers.includes(spec))
      throw new StemmaError("USAGE", `pipeline ${formatName(spec.pipeline)} would read what is made from its own output.`);
    for (const repo of spec.inputs) {
      const maker = byName.get(formatName(repo));
      if (maker !== undefined && !ordered.has(maker)) visit(maker, [...readers, spec]);
    }
    ordered.add(spec);
  };
  for (const spec of specs) if (!ordered.has(spec)) visit(spec, []);
  return [...ordered];
}
