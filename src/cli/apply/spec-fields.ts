import type protobuf from "protobufjs";
import { codecOf } from "../../engine/pps/proto-json-values.ts";
import { type JsonObject, isObject } from "../../engine/pps/proto-json.ts";
import { type Place, findField, isOfRequest, itemPlace, placeOf, specPlace } from "./spec-places.ts";

/**
 * A spec in one form, whoever wrote it: fields under their proto names, numbers as numbers, times and enumerations as Pachyderm
 * writes them, the project filled in. What a newer Pachyderm has put there and is not known here stays as it is.
 */
export function specFields(json: unknown): JsonObject {
  const fields = Object.entries(normal(json, specPlace()) as JsonObject).filter(([name]) => !isOfRequest(name));
  const { pipeline, ...rest } = Object.fromEntries(fields);
  return { pipeline: { project: { name: "default" }, ...(isObject(pipeline) ? pipeline : {}) }, ...rest };
}

function normal(json: unknown, place: Place): unknown {
  if (place.kind === "value") return normalValue(json, place.field);
  if (place.kind === "list") return Array.isArray(json) ? json.map((item) => normal(item, itemPlace(place.field))) : json;
  if (!isObject(json)) return json;
  const members = Object.entries(json).map(([name, value]) => {
    if (place.kind === "map") return [name, normal(value, itemPlace(place.field))];
    const field = findField(place.type, name);
    return field === undefined ? [name, value] : [field.name, normal(value, placeOf(field))];
  });
  return Object.fromEntries(members);
}

function normalValue(json: unknown, field: protobuf.Field): unknown {
  const codec = codecOf(field);
  const read = codec.read(json);
  if (read === undefined) return json;
  const written = codec.write(read);
  const isNumber = /^u?int64$/.test(field.type) && Number.isSafeInteger(Number(written));
  return isNumber ? Number(written) : written;
}
