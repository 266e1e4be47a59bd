import type { Graph } from "../../graph.ts";
import type { ExportContext } from "../context.ts";
import { toProv } from "./document.ts";
import type { ProvDocument, ProvRecord, QName, Value } from "./records.ts";
import { ARGUMENTS } from "./records.ts";

/** A graph as PROV-JSON. */
export function toProvJson(graph: Graph, context: ExportContext): string {
  return `${JSON.stringify(formatProvJson(toProv(graph, context)), undefined, 2)}\n`;
}

function formatProvJson({ prefixes, records }: ProvDocument): object {
  const kinds = new Map<string, Map<string, object>>();
  for (const [index, record] of records.entries()) {
    const ofKind = kinds.get(record.kind) ?? new Map<string, object>();
    kinds.set(record.kind, ofKind.set(record.id === undefined ? `_:r${index}` : name(record.id), fields(record)));
  }
  const groups = [...kinds].map(([kind, ofKind]) => [kind, Object.fromEntries(ofKind)] as const);
  return { prefix: prefixes, ...Object.fromEntries(groups) };
}

function fields({ kind, args, attributes }: ProvRecord): object {
  const ofArgs = ARGUMENTS[kind].flatMap((argument, index) => {
    const value = args[index];
    return value === undefined ? [] : [[argument, value instanceof Date ? value.toISOString() : name(value)] as const];
  });
  const values = new Map<string, unknown[]>();
  for (const [attribute, value] of attributes)
    values.set(name(attribute), [...(values.get(name(attribute)) ?? []), literal(value)]);
  return Object.fromEntries([...ofArgs, ...[...values].map(([key, list]) => [key, list.length === 1 ? list[0] : list] as const)]);
}

function name({ prefix, local }: QName): string {
  return `${prefix}:${local}`;
}

function literal(value: Value): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if ("long" in value) return { $: String(value.long), type: "xsd:long" };
  if ("time" in value) return { $: value.time.toISOString(), type: "xsd:dateTime" };
  return { $: name(value), type: "prov:QUALIFIED_NAME" };
}
