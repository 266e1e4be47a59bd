import { readFileSync } from "node:fs";
import type { Outcome } from "./compare.ts";

/** One recorded command line of pachctl against a real pachd 2.12, with all that it printed. */
export interface Recorded {
  readonly name: string;
  readonly command: string;
  readonly outcome: Outcome;
}

export function readRecorded(file: string): Recorded[] {
  const blocks = readFileSync(new URL(file, import.meta.url), "utf8")
    .split(/^##### /m)
    .slice(1);
  return blocks.map((block) => {
    const [, name = "", command = "", code = "", out = "", err = ""] =
      /^(.*)\n\$ ([^]*?)\n--- exit (\d+).*\n--- stdout\n?([^]*?)(?:--- stderr\n([^]*))?$/.exec(block) ?? [];
    return { name, command, outcome: { code: Number(code), out, err } };
  });
}
