import { type JsonObject, isObject } from "../../engine/pps/proto-json.ts";
import { parseSpec } from "../../engine/pps/spec-json.ts";
import { StemmaError } from "../../lineage/errors.ts";
import type { PipelineName } from "../../pachyderm/types.ts";
import { parseJsonDocuments } from "../json-documents.ts";

/** One spec of a file, as it is written. */
export interface SpecDocument {
  /** The file, for messages. */
  readonly origin: string;
  readonly document: JsonObject;
}

/** The specs in a file's text. Throws USAGE for what is none. */
export function toDocuments(json: string, origin: string): SpecDocument[] {
  return parseJsonDocuments(json, origin)
    .flat()
    .map((json) => {
      const document = withProject(json);
      parseFrom(origin, document);
      return { origin, document };
    });
}

/** The pipeline that a spec is for, or USAGE. */
export function nameOf(document: JsonObject, origin: string): PipelineName {
  const { name, project } = parseFrom(origin, document).pipeline ?? {};
  if (!name) throw new StemmaError("USAGE", `${origin}: a spec has no pipeline.name.`);
  return { project: project?.name || "default", name };
}

/** A spec as a message. Throws USAGE for what is none, naming where it comes from. */
export function parseFrom(origin: string, document: unknown): ReturnType<typeof parseSpec> {
  try {
    return parseSpec(JSON.stringify(document));
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
    throw new StemmaError(error.code, `${origin}: ${error.message}.`, { hint: error.hint, cause: error });
  }
}

/** As pachctl does before it sends a spec: `$schema` is for editors, and a pipeline is in some project. */
function withProject(json: unknown): JsonObject {
  if (!isObject(json)) return json as JsonObject; // which is none, as parseFrom will say
  const { $schema: _schema, pipeline, ...rest } = json;
  if (!isObject(pipeline)) return { ...rest, ...(pipeline !== undefined && { pipeline }) };
  return { pipeline: { project: { name: "default" }, ...pipeline }, ...rest };
}
