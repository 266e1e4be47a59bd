import type protobuf from "protobufjs";
import { StemmaError } from "../lineage/errors.ts";
import type { CreatePipelineRequest__Output as CreatePipelineRequest } from "../pachyderm/generated/pps_v2/CreatePipelineRequest.ts";
import { loadTypes } from "../pachyderm/protocol.ts";
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

let loadedTypes: protobuf.Root | undefined;

function typeNamed(name: string): protobuf.Type {
  loadedTypes ??= loadTypes();
  return loadedTypes.lookupType(name);
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
 * A spec with the defaults filled in: Pachyderm's own, under each of `defaults` (a cluster's, then a project's, as
 * SetClusterDefaults takes them), under what the user wrote. A `null` in an upper layer takes a default away.
 */
export function effectiveSpec(
  userJson: string,
  ...defaults: readonly string[]
): { readonly json: string; readonly request: CreatePipelineRequest } {
  const user = parseJson(userJson, "the spec");
  toRequest(user); // says what is wrong in the user's own names
  const type = typeNamed(CREATE_PIPELINE);
  const layers = [...defaults.map(parseDefaults), withJsonNames(user, type)];
  const request = toRequest(layers.reduce(mergePatch, BUILT_IN));
  return { json: formatSpec(request), request };
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

function toRequest(json: unknown): CreatePipelineRequest {
  return messageFromJson(json, typeNamed(CREATE_PIPELINE));
}

function parseDefaults(text: string): unknown {
  const json = parseJson(text, "the defaults");
  const type = typeNamed(DEFAULTS);
  messageFromJson(json, type);
  return (withJsonNames(json, type) as JsonObject)["createPipelineRequest"] ?? {};
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StemmaError("USAGE", `${what} is not JSON: ${(error as SyntaxError).message}`, { cause: error });
  }
}
