import { Command, Option } from "@commander-js/extra-typings";
import type { Garbage } from "../pachyderm/client-store.ts";
import { untilAborted } from "./abortable.ts";
import type { Context } from "./context.ts";
import { StatusLine } from "./status-line.ts";
import { formatBytes } from "./table.ts";

const EXAMPLES = `
Dropped and squashed commits, deleted repos and uploads that broke off leave content behind. What any commit or file set
needs stays, and everybody may go on working. A Pachyderm cluster does this by itself.

Examples:
  stemma gc --dry-run
  stemma gc
  stemma gc -o json`;

const NOTHING: Garbage = { kept: 0, objects: 0, nodes: 0, unfinished: 0, bytes: 0 };

/** `stemma gc`: gives the space of what nothing refers to back to the disk. */
export function gcCommand(context: Context) {
  return new Command("gc")
    .description("Remove stored content that no commit needs any more")
    .option("--dry-run", "only say what would be removed")
    .addOption(new Option("-o, --output <format>", "how to print it").choices(["text", "json"] as const).default("text" as const))
    .option("--pachd <address>", "Pachyderm's address, instead of $PACHD_ADDRESS or what `stemma up` started")
    .addHelpText("after", EXAMPLES)
    .action(async ({ dryRun = false, output, pachd }) => {
      using client = await context.pachyderm(pachd);
      const garbage = await last(client.collectGarbage({ dryRun }), context);
      context.out(output === "json" ? `${JSON.stringify({ dryRun, ...garbage }, undefined, 2)}\n` : drawGarbage(garbage, dryRun));
    });
}

async function last(messages: AsyncIterable<Garbage>, context: Context): Promise<Garbage> {
  let newest = NOTHING;
  using line = new StatusLine(context, () => `${newest.kept} needed, ${formatBytes(newest.bytes)} to remove`);
  for await (const garbage of untilAborted(messages, context.signal)) {
    newest = garbage;
    line.show();
  }
  context.signal.throwIfAborted();
  return newest;
}

function drawGarbage({ objects, nodes, unfinished, bytes }: Garbage, dryRun: boolean): string {
  const parts = [count(objects, "object"), count(nodes, "tree node"), count(unfinished, "unfinished file")];
  const found = parts.filter((part) => part !== "").join(", ");
  if (found === "") return "nothing to remove\n";
  return `${dryRun ? "would remove" : "removed"} ${found}: ${formatBytes(bytes)}\n`;
}

function count(number: number, what: string): string {
  return number === 0 ? "" : `${number} ${what}${number === 1 ? "" : "s"}`;
}
