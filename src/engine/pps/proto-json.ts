import protobuf from "protobufjs";
import { StemmaError } from "../../lineage/errors.ts";
import { codecOf } from "./proto-json-values.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Turns JSON into a message as proto-loader shapes it. Fields go by their proto or lowerCamel names; `null` is as good as
 * not there. Throws USAGE at the first field that is unknown or of a wrong type, with its path.
 */
export function messageFromJson(json: unknown, type: protobuf.Type, path = ""): Record<string, unknown> {
  if (!isObject(json)) throw wrongType(path, "an object", json);
  const message: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(json)) {
    const field = fieldNamed(type, key);
    if (field === undefined) throw unknownField(key, type, path);
    if (value === null) continue;
    const where = path === "" ? key : `${path}.${key}`;
    if (Object.hasOwn(message, field.name))
      throw wrong(`${where} is given twice, as ${field.name} and as ${jsonName(field.name)}`);
    message[field.name] = fieldFromJson(value, field, where);
    if (field.partOf) chooseMember(message, field.partOf, field.name, path);
  }
  return message;
}

/** The inverse: protobuf's JSON, with lowerCamel names and 64-bit numbers as text. */
export function messageToJson(message: JsonObject, type: protobuf.Type): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const field of type.fieldsArray) {
    const value = message[field.name];
    if (value !== undefined && value !== null) json[jsonName(field.name)] = fieldToJson(value, field);
  }
  return json;
}

/** The same JSON with every field of the message under its lowerCamel name. Nulls stay. */
export function withJsonNames(json: unknown, type: protobuf.Type): unknown {
  if (!isObject(json)) return json;
  const renamed = Object.entries(json).map(([key, value]) => {
    const field = fieldNamed(type, key);
    return field === undefined ? [key, value] : [jsonName(field.name), nestedWithJsonNames(value, field)];
  });
  return Object.fromEntries(renamed);
}

function nestedWithJsonNames(value: unknown, field: protobuf.Field): unknown {
  const nested = nestedType(field);
  if (nested === undefined) return value;
  return Array.isArray(value) ? value.map((item) => withJsonNames(item, nested)) : withJsonNames(value, nested);
}

function fieldFromJson(value: unknown, field: protobuf.Field, path: string): unknown {
  if (field instanceof protobuf.MapField) {
    if (!isObject(value)) throw wrongType(path, "an object", value);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, itemFromJson(item, field, `${path}.${key}`)]));
  }
  if (!field.repeated) return itemFromJson(value, field, path);
  if (!Array.isArray(value)) throw wrongType(path, "a list", value);
  return value.map((item: unknown, index) => itemFromJson(item, field, `${path}[${index}]`));
}

function itemFromJson(value: unknown, field: protobuf.Field, path: string): unknown {
  const nested = nestedType(field);
  if (nested !== undefined) return messageFromJson(value, nested, path);
  const codec = codecOf(field);
  const read = codec.read(value);
  if (read === undefined) throw wrongType(path, codec.expects, value);
  return read;
}

function fieldToJson(value: unknown, field: protobuf.Field): unknown {
  const nested = nestedType(field);
  const convert = (item: unknown): unknown =>
    nested === undefined ? codecOf(field).write(item) : messageToJson(item as JsonObject, nested);
  if (field instanceof protobuf.MapField) {
    return Object.fromEntries(Object.entries(value as JsonObject).map(([key, item]) => [key, convert(item)]));
  }
  return Array.isArray(value) ? value.map(convert) : convert(value);
}

/** proto-loader says in a member named like the oneof which of its fields is set. */
function chooseMember(message: Record<string, unknown>, oneof: protobuf.OneOf, member: string, path: string): void {
  const members = [...oneof.oneof].filter((name) => Object.hasOwn(message, name));
  if (members.length > 1) throw wrong(`${path || "the spec"} can have only one of ${members.join(" and ")}`);
  message[oneof.name] = member;
}

/** The message type to descend into; some of protobuf's own are written as a single value instead. */
function nestedType(field: protobuf.Field): protobuf.Type | undefined {
  const type = field.resolvedType;
  return type instanceof protobuf.Type && !type.fullName.startsWith(".google.protobuf.") ? type : undefined;
}

function fieldNamed(type: protobuf.Type, key: string): protobuf.Field | undefined {
  return type.fieldsArray.find((field) => field.name === key || jsonName(field.name) === key);
}

function jsonName(name: string): string {
  return name.replaceAll(/_(.)/g, (_whole, letter: string) => letter.toUpperCase());
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unknownField(key: string, type: protobuf.Type, path: string): StemmaError {
  const known = type.fieldsArray.map((field) => field.name).join(", ");
  return wrong(`unknown field "${key}" in ${path || "the spec"}`, `Known there: ${known}.`);
}

function wrongType(path: string, expected: string, value: unknown): StemmaError {
  const text = JSON.stringify(value);
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return wrong(`${path || "the spec"} must be ${expected}, not ${shown}`);
}

function wrong(message: string, hint?: string): StemmaError {
  return new StemmaError("USAGE", message, { hint });
}
