import { nodeToJson } from "../lineage/describe.ts";
import { givenName, stateText } from "../lineage/draw/table.ts";
import { timeText } from "../lineage/draw/words.ts";
import type { Expression } from "../lineage/find/expression.ts";
import { fieldsOf } from "../lineage/find/fields-of.ts";
import type { Field } from "../lineage/find/fields.ts";
import { valuesAt } from "../lineage/find/fields.ts";
import type { Found } from "../lineage/find/find.ts";
import { fieldText, formatExpression } from "../lineage/find/format.ts";
import { referenceTo } from "../lineage/reference.ts";
import type { NodeRecord } from "../lineage/store/lineage-index.ts";
import { formatUrn } from "../lineage/urn.ts";
import type { Gap } from "../lineage/answer.ts";
import type { Printable } from "./print.ts";
import { drawTable, firstLine } from "./table.ts";

const HEAD = ["KIND", "REFERENCE", "NAME", "STATE", "TIME"] as const;

/** What an expression was found to hold of, in all formats. The params, metrics and tags that it asks for are columns. */
export function printableFind(expression: Expression, { records, total }: Found, gaps: readonly Gap[]): Printable {
  const asked = fieldsOf(expression).filter((field) => "group" in field);
  const head = [...HEAD, ...asked.map(fieldText)];
  const rows = records.map((record) => rowOf(record, asked));
  const complete = gaps.length === 0;
  const answer = { version: 1, kind: "find", complete, gaps, expression: formatExpression(expression), total } as const;
  const items = records.map(({ node }) => nodeToJson(node));
  const ends = complete ? ["complete"] : gaps.map(({ why }) => `incomplete: ${why}`);
  const remarks = [...cutLines({ records, total }), ...ends];
  return {
    text: () => `${drawTable(head, rows)}${remarks.map((line) => `${line}\n`).join("")}`,
    table: () => ({ head, rows }),
    value: () => ({ ...answer, found: items }),
    items: () => [...items, { end: answer }],
    graph: () => ({ nodes: new Map(records.map(({ node }) => [formatUrn(node), node])), edges: [] }),
    remarks: () => remarks,
  };
}

/** What a reader has to know of how many there are. */
export function cutLines({ records, total }: Found): readonly string[] {
  if (total === 0) return ["nothing found"];
  return total === records.length ? [] : [`… and ${total - records.length} more: --limit 0 shows all`];
}

function rowOf(record: NodeRecord, asked: readonly Field[]): readonly string[] {
  const { node, since } = record;
  const values = asked.map((field) => valuesAt(record, field).map(String).join(" "));
  const texts = [node.kind, referenceTo(node), givenName(node), stateText(node), timeText(node.time ?? since), ...values];
  return texts.map((text) => (text === "" ? "-" : firstLine(text)));
}
