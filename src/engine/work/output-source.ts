import { randomUUID } from "node:crypto";
import type { StoredContent } from "../store/content-store.ts";
import type { Datum } from "../pps/datums.ts";
import { refused } from "../fault.ts";
import type { Slot } from "../sandbox/slot.ts";
import type { Processor } from "./job-work.ts";
import type { OutputSource } from "./upload.ts";

interface Finished {
  readonly slot: Slot;
  readonly processor: Processor;
  readonly datum: Datum;
  /** What the datum read, by path in /pfs. */
  readonly inputs: ReadonlyMap<string, StoredContent>;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Done by the command's own user in its own slot, so that a link brings nothing into the output that it could not read itself. */
const COPY = `cp -RL -- "$1" "$1.$2" && rm -- "$1" && mv -- "$1.$2" "$1"`;

/** The output of a datum whose program has ended, or has asked for the next. */
export function outputSource({ slot, processor, datum, inputs, environment, signal }: Finished): OutputSource {
  const unread = new Set(datum.files.filter(({ lazy, emptyFiles }) => lazy || emptyFiles).map(({ input }) => input));
  return {
    pfs: slot.pfs,
    storedBelow: (path) => {
      const [, input = ""] = path.split("/");
      if (!unread.has(input)) return new Map();
      const below = [...inputs].filter(([file]) => file === path || file.startsWith(`${path}/`));
      return new Map(below.map(([file, content]) => [file.slice(path.length), content]));
    },
    copyOver: async (link) => {
      if (processor.keepsSlot)
        throw refused(`output ${link} is a link out of /pfs, which cannot be followed between datums of a batch`);
      const lines: string[] = [];
      const command = { words: ["sh", "-c", COPY, "copy", link, randomUUID()], stdin: "", environment };
      const { code, reason } = await slot.run(command, { signal, onLine: (line) => lines.push(line) });
      if (code !== 0 || reason !== "")
        throw refused(`output ${link} is a link that cannot be followed: ${reason || lines.join("; ")}`);
    },
  };
}
