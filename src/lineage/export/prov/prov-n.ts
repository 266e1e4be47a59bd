import type { Graph } from "../../graph.ts";
import type { ExportContext } from "../context.ts";
import { toProv } from "./document.ts";
import type { ProvRecord, QName, Value } from "./records.ts";

/** A graph as PROV-N, one statement a line. */
export function toProvN(graph: Graph, context: ExportContext): string {
  const { prefixes, records } = toProv(graph, context);
  const lines = [...Object.entries(prefixes).map(([prefix, uri]) => `prefix ${prefix} <${uri}>`), "", ...records.map(statement)];
  return `document\n${lines.map((line) => `  ${line}`.trimEnd()).join("\n")}\nendDocument\n`;
}

function statement({ kind, id, args, attributes }: ProvRecord): string {
  const parts = [...(id === undefined ? [] : [name(id)]), ...args.map(argument)];
  const list = attributes.map(([key, value]) => `${name(key)}=${literal(value)}`).join(", ");
  return `${kind}(${parts.join(", ")}${list === "" ? "" : `, [${list}]`})`;
}

function argument(value: QName | Date | undefined): string {
  if (value === undefined) return "-";
  return value instanceof Date ? value.toISOString() : name(value);
}

function name({ prefix, local }: QName): string {
  return `${prefix}:${local.replace(/[='(),\-:;"[\].]/g, String.raw`\$&`)}`;
}

function literal(value: Value): string {
  if (typeof value === "string") return quoted(value.toWellFormed());
  if ("long" in value) return `"${value.long}" %% xsd:long`;
  if ("time" in value) return `"${value.time.toISOString()}" %% xsd:dateTime`;
  return `'${name(value)}'`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\n": String.raw`\n`,
  "\r": String.raw`\r`,
  "\t": String.raw`\t`,
  '"': String.raw`\"`,
  "\\": String.raw`\\`,
};

function quoted(text: string): string {
  return `"${text.replace(/[\n\r\t"\\]/g, (each) => ESCAPES[each] ?? each)}"`;
}
