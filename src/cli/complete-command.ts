import { existsSync } from "node:fs";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { Command } from "@commander-js/extra-typings";
import { StemmaError } from "../lineage/errors.ts";
import { LineageIndex } from "../lineage/store/lineage-index.ts";
import { NODE_KINDS } from "../lineage/urn.ts";
import type { Completion } from "./complete-reference.ts";
import { completeReference } from "./complete-reference.ts";
import type { Context } from "./context.ts";
import { indexFile } from "./index-file.ts";

/** The commands that can be completed. */
export type Commands = Readonly<
  Record<
    string,
    { readonly summary: string; readonly hidden?: true; readonly load: () => Promise<(context: Context) => CommandUnknownOpts> }
  >
>;

/** Commands whose arguments are references. */
const TAKE_REFERENCES: ReadonlySet<string> = new Set([
  "trace",
  "why",
  "impact",
  "path",
  "diff",
  "log",
  "verify",
  "reproduce",
  "export",
  "ls",
  "get",
  "show",
]);

/** `stemma complete -- WORDS`: what a shell's completion asks. It answers from what is on this machine alone. */
export function completeCommand(context: Context, commands: Commands) {
  return new Command("complete")
    .description("List what the last of these words could become")
    .argument("[words...]", "the words of a command line, the last one unfinished")
    .action(async (words) => {
      const last = words.at(-1) ?? "";
      const found = await candidates(context, commands, words.slice(0, -1), last);
      for (const [word, about] of found) if (word.startsWith(last)) context.out(`${word}\t${about}\n`);
    });
}

async function candidates(
  context: Context,
  commands: Commands,
  before: readonly string[],
  last: string,
): Promise<readonly Completion[]> {
  const [name, ...rest] = before;
  if (name === undefined)
    return Object.entries(commands).flatMap(([command, { summary, hidden }]) => (hidden === true ? [] : [[command, summary]]));
  const found = await commands[name]?.load();
  if (found === undefined) return [];
  const top = found(context);
  const command = top.commands.find((each) => rest.includes(each.name())) ?? top;
  if (last.startsWith("-"))
    return command.options
      .filter(({ hidden }) => !hidden)
      .map(({ long, short, description }) => [long ?? short ?? "", description]);
  const option = command.options.find(({ long, short }) =>
    [long, short].some((flag) => flag !== undefined && flag === rest.at(-1)),
  );
  if (option?.required === true) return valuesOf(context, option, last);
  if (command.commands.length > 0) return command.commands.map((each) => [each.name(), each.description()]);
  return TAKE_REFERENCES.has(name) ? references(context, last) : [];
}

async function valuesOf(
  context: Context,
  { long, argChoices }: CommandUnknownOpts["options"][number],
  last: string,
): Promise<readonly Completion[]> {
  if (argChoices !== undefined) return argChoices.map((choice) => [choice, ""]);
  const kinds = NODE_KINDS.map((kind) => [kind, "kind"] as const);
  if (long === "--kind") return kinds;
  return long === "--until" ? [...kinds, ...(await references(context, last))] : [];
}

/** An index that cannot be read completes nothing; the command itself will say why. */
async function references(context: Context, last: string): Promise<readonly Completion[]> {
  const file = await indexFile(context, {});
  if (!existsSync(file)) return [];
  try {
    using index = new LineageIndex(file);
    return completeReference(index, last);
  } catch (error) {
    if (error instanceof StemmaError) return [];
    throw error;
  }
}
