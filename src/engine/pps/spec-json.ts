import type protobuf from "protobufjs";
import { StemmaError } from "../../lineage/errors.ts";
import type { CreatePipelineRequest__Output as CreatePipelineRequest } from "../../pachyderm/generated/pps_v2/CreatePipelineRequest.ts";
import { loadTypes } from "../../pachyderm/protocol.ts";
import { DEFAULT_PROJECT } from "../pfs/names.ts";
import { type JsonObject, isObject, messageFromJson, messageToJson, withJsonNames } from "./proto-json.ts";

/** What a pipeline has when neither its spec nor the defaults of its cluster and project say otherwise. */
const BUILT_IN: JsonObject = {
  transform: { image: "ubuntu:20.04" },
  outputBranch: "master",
  datumTries: "3",
  reprocessSpec: "until_success",
};

const CREATE_PIPELINE = "pps_v2.CreatePipelineRequest";
/** A project's defaults have the same shape. */
const DEFAULTS = "pps_v2.ClusterDefaults";

function typeNamed(name: string): protobuf.Type {
  return loadTypes().lookupType(name);
}

/** Reads the JSON of a pipeline spec, as users write it. Throws USAGE, naming the field that is wrong. */
export function parseSpec(jsonText: string): CreatePipelineRequest {
  return toRequest(parseJson(jsonText, "the spec"));
}

/** The inverse of `parseSpec`: a spec's JSON as Pachyderm writes it. */
export function formatSpec(request: CreatePipelineRequest): string {
  return JSON.stringify(messageToJson(request as JsonObject, typeNamed(CREATE_PIPELINE)));
}

/**
 * A spec with the defaults filled in: Pachyderm's own, under each of those that `defaultsOf` gives for the spec's project (the
 * cluster's, then the project's, as SetClusterDefaults takes them), under what the user wrote. A `null` in an upper layer takes
 * a default away. The JSON has lowerCamel names, in order. Throws USAGE, naming the field that is wrong.
 */
export function effectiveSpec(
  userJson: string,
  defaultsOf: (project: string) => readonly string[],
): { readonly json: string; readonly request: CreatePipelineRequest } {
  const user = parseJson(userJson, "the spec");
  const { pipeline } = toRequest(user); // says what is wrong in the user's own names
  const defaults = defaultsOf(pipeline?.project?.name || DEFAULT_PROJECT).map(parseDefaults);
  const layers = [...defaults, { createPipelineRequest: withJsonNames(user, typeNamed(CREATE_PIPELINE)) }];
  const merged = layers.reduce<unknown>(mergePatch, { createPipelineRequest: BUILT_IN }) as JsonObject;
  const json = inOrder(merged["createPipelineRequest"]);
  const request = toRequest(json);
  checkValues(request);
  return { json: formatJson(json), request };
}

/** JSON as Go writes it, which escapes what means something in HTML. */
function formatJson(json: unknown): string {
  return JSON.stringify(json).replaceAll(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}

/** Applies a JSON merge patch (RFC 7396): objects are merged, null removes, anything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

/** What can be said of a spec, or of defaults, without knowing of repos. */
function checkValues({ reprocess_spec: reprocess, pod_spec, pod_patch }: CreatePipelineRequest): void {
  if (reprocess && reprocess !== "until_success" && reprocess !== "every_job")
    throw usage('invalid pipeline spec: ReprocessSpec must be one of "until_success" or "every_job"');
  if (pod_spec) parseJson(pod_spec, "malformed PodSpec: it");
  if (pod_patch) parseJson(pod_patch, "malformed PodPatch: it");
}

function toRequest(json: unknown): CreatePipelineRequest {
  return messageFromJson(json, typeNamed(CREATE_PIPELINE));
}

function parseDefaults(text: string): unknown {
  const json = parseJson(text, "the defaults");
  const type = typeNamed(DEFAULTS);
  messageFromJson(json, type);
  return withJsonNames(json, type);
}

/** The same JSON with the members of each object in the order of their names. */
function inOrder(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(inOrder);
  if (!isObject(json)) return json;
  const members = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, value]) => [name, inOrder(value)]));
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usage(`${what} is not JSON: ${(error as SyntaxError).message}`, error);
  }
}

function usage(message: string, cause?: unknown): StemmaError {
  return new StemmaError("USAGE", message, { cause });
}
