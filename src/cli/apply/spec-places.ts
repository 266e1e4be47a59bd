import protobuf from "protobufjs";
import { loadTypes } from "../../pachyderm/protocol.ts";

/** What can stand at a place of a spec's JSON: an object of known members, an object of any, a list, or a single value. */
export type Place =
  | { readonly kind: "message"; readonly type: protobuf.Type }
  | { readonly kind: "map"; readonly field: protobuf.Field }
  | { readonly kind: "list"; readonly field: protobuf.Field }
  | { readonly kind: "value"; readonly field: protobuf.Field };

const SPEC = "CreatePipelineRequest";
/** Members of a request that say how it is to be carried out, and nothing of the pipeline. */
const OF_THE_REQUEST: ReadonlySet<string> = new Set(["update", "reprocess", "dry_run", "spec_commit"]);

/** A whole pipeline spec. */
export function specPlace(): Place {
  return { kind: "message", type: loadTypes().lookupType(`pps_v2.${SPEC}`) };
}

/** Whether a member, by its proto or its lowerCamel name, is no part of a spec, though it can stand beside one. */
export function isOfRequest(name: string): boolean {
  return [...OF_THE_REQUEST].some((member) => member === name || lowerCamel(member) === name);
}

/** The fields that a spec can have here. */
export function fieldsOf(type: protobuf.Type): readonly protobuf.Field[] {
  return type.name === SPEC ? type.fieldsArray.filter(({ name }) => !OF_THE_REQUEST.has(name)) : type.fieldsArray;
}

/** The one that goes by this name, or by its lowerCamel form. */
export function findField(type: protobuf.Type, name: string): protobuf.Field | undefined {
  return fieldsOf(type).find((field) => field.name === name || lowerCamel(field.name) === name);
}

/** What can stand in a field. */
export function placeOf(field: protobuf.Field): Place {
  if (field instanceof protobuf.MapField) return { kind: "map", field };
  return field.repeated ? { kind: "list", field } : itemPlace(field);
}

/** What can stand in one item of a list or of a map, or in a field that is neither. */
export function itemPlace(field: protobuf.Field): Place {
  const type = field.resolvedType;
  const isMessage = type instanceof protobuf.Type && !type.fullName.startsWith(".google.protobuf.");
  return isMessage ? { kind: "message", type } : { kind: "value", field };
}

export function lowerCamel(name: string): string {
  return name.replaceAll(/_(.)/g, (_whole, letter: string) => letter.toUpperCase());
}
