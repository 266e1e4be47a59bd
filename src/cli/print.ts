import { Option } from "@commander-js/extra-typings";
import { StemmaError } from "../lineage/errors.ts";
import type { Graph } from "../lineage/graph.ts";
import type { Context } from "./context.ts";
import { ExitCode } from "./exit.ts";
import type { LineageOptions } from "./lineage-options.ts";

/** How an answer can be printed. */
const FORMATS = ["tree", "table", "json", "jsonl", "yaml", "dot", "mermaid"] as const;
export type OutputFormat = (typeof FORMATS)[number];

export interface Table {
  readonly head: readonly string[];
  readonly rows: ReadonlyArray<readonly string[]>;
}

/** What the JSON of every answer says. */
export interface AnswerJson {
  readonly version: 1;
  readonly kind: string;
  readonly complete: boolean;
}

/** An answer that can be printed in the formats that it has methods for. */
export interface Printable {
  /** For people, the lines ended: as a tree, or in words. For lines of so many characters. */
  text(width: number): string;
  table?(): Table;
  /** The JSON object: `version`, `kind`, `complete`, `gaps` and the rest. */
  value(): AnswerJson;
  /** What each line of jsonl says. Without it, the only line is `value()`. */
  items?(): Iterable<unknown>;
  graph?(): Graph;
  /** What formats without a place for it say beside the answer, such as that it is not complete. */
  remarks?(): readonly string[];
}

/** Lines of results for people are so long where there is no terminal to ask. */
const USUAL_WIDTH = 100;

/** The option -o with these formats; the first is the usual one. */
export function outputOption<const Formats extends readonly [OutputFormat, ...OutputFormat[]]>(formats: Formats) {
  const [usual]: readonly [Formats[number], ...OutputFormat[]] = formats;
  return new Option("-o, --output <format>", "how to print it").choices(formats).default(usual);
}

/** The option -o with all formats, for an answer that is a graph, too. */
export function anyOutputOption(usual: OutputFormat = "tree") {
  return new Option("-o, --output <format>", "how to print it").choices(FORMATS).default(usual);
}

/**
 * Prints an answer on `out`; on a terminal in colours and through a pager, if it is for people. Throws exit code 6 after it when it
 * was required to be complete and is not.
 */
export async function print(
  context: Context,
  answer: Printable,
  format: OutputFormat,
  { requireComplete = false }: Pick<LineageOptions, "requireComplete"> = {},
): Promise<void> {
  if (format === "tree" || format === "table") {
    const { show } = await import("./pager.ts");
    await show(context, format === "tree" ? answer.text(context.stdout.columns ?? USUAL_WIDTH) : await tableText(answer));
    if (format === "table") for (const remark of answer.remarks?.() ?? []) context.err(`${remark}\n`);
  } else for await (const text of machineText(answer, format)) context.out(text);
  if (requireComplete && !answer.value().complete) throw new ExitCode(6);
}

async function tableText(answer: Printable): Promise<string> {
  if (answer.table === undefined) return answer.text(USUAL_WIDTH);
  const { head, rows } = answer.table();
  const { drawTable } = await import("./table.ts");
  return drawTable(head, rows);
}

async function* machineText(answer: Printable, format: Exclude<OutputFormat, "tree" | "table">): AsyncIterable<string> {
  switch (format) {
    case "json":
      yield `${JSON.stringify(answer.value(), sayNumber, 2)}\n`;
      break;
    case "jsonl":
      for (const item of answer.items?.() ?? [answer.value()]) yield `${JSON.stringify(item, sayNumber)}\n`;
      break;
    case "yaml": {
      const { stringify } = await import("yaml");
      // By way of JSON, so that both say the same of times and of what is left out.
      yield stringify(JSON.parse(JSON.stringify(answer.value(), sayNumber)), { aliasDuplicateObjects: false });
      break;
    }
    case "dot":
      yield (await import("../lineage/draw/dot.ts")).drawDot(graphOf(answer), answer.remarks?.());
      break;
    case "mermaid":
      yield (await import("../lineage/draw/mermaid.ts")).drawMermaid(graphOf(answer), answer.remarks?.());
      break;
  }
}

/** JSON has no NaN and no infinity, and MLflow's metrics do: they become text. */
function sayNumber(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

function graphOf(answer: Printable): Graph {
  if (answer.graph === undefined) throw new StemmaError("USAGE", "this answer is no graph.", { hint: "Print it as JSON." });
  return answer.graph();
}
