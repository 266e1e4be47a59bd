import { Command, Option } from "@commander-js/extra-typings";
import type { Finding } from "../pachyderm/client-store.ts";
import { untilAborted } from "./abortable.ts";
import type { Context } from "./context.ts";
import { ExitCode, exitCodeOf } from "./exit.ts";
import { StatusLine } from "./status-line.ts";

const EXAMPLES = `
Reads everything that is stored, so it takes as long as reading the disk does; everybody may go on working. Says of each
object that is missing or damaged which commits and files need it: putting the same files again repairs those. The exit code
is 5 when something is wrong.

Examples:
  stemma fsck
  stemma fsck --fix
  stemma fsck -o json`;

/** `stemma fsck`: whether all that is stored is there and whole. */
export function fsckCommand(context: Context) {
  return new Command("fsck")
    .description("Check that everything that is stored is there and whole")
    .option("--fix", "remove what is damaged and needed by no commit, and repair what else can be")
    .addOption(new Option("-o, --output <format>", "how to print it").choices(["text", "json"] as const).default("text" as const))
    .option("--pachd <address>", "Pachyderm's address, instead of $PACHD_ADDRESS or what `stemma up` started")
    .addHelpText("after", EXAMPLES)
    .action(async ({ fix = false, output, pachd }) => {
      using client = await context.pachyderm(pachd);
      const findings = await report(client.checkStore({ fix }), context, output === "text");
      if (output === "json") context.out(`${JSON.stringify({ findings }, undefined, 2)}\n`);
      else if (findings.length === 0) context.out("no errors found\n");
      if (findings.some(({ kind }) => kind === "error")) throw new ExitCode(exitCodeOf("INTEGRITY"));
    });
}

/** Prints each finding when it comes, and gathers them. */
async function report(found: AsyncIterable<Finding>, context: Context, prints: boolean): Promise<Finding[]> {
  const findings: Finding[] = [];
  using line = new StatusLine(context, (seconds) => `checking for ${seconds} s, ${findings.length} findings`);
  for await (const finding of untilAborted(found, context.signal)) {
    findings.push(finding);
    line.clear();
    if (prints) context.out(`${finding.kind === "fix" ? "fixed" : "error"}: ${finding.text}\n`);
  }
  context.signal.throwIfAborted();
  return findings;
}
