import { countText } from "../lineage/draw/words.ts";
import { plainText } from "../lineage/plain-text.ts";
import type { Difference, Reproduction, Verdict } from "../reproduce/verdict.ts";
import type { AnswerJson, Printable } from "./print.ts";

const WORDS: Readonly<Record<Verdict, string>> = {
  "bytes-equal": "equal: every byte is the same",
  "content-equal": "equal: the content is the same, under names, times or ids that are new each time",
  "metrics-equal": "equal: params are the same, and the metrics within the tolerance",
  differs: "differs",
  failed: "failed",
  missing: "cannot be reproduced",
};

/** What came of running a stage again, in each format. */
export class PrintableReproduction implements Printable {
  readonly #found: Reproduction;

  constructor(found: Reproduction) {
    this.#found = found;
  }

  text(): string {
    const { verdict, run, job, datums, files, metrics, tolerance, differences, leftOut, missing, notes } = this.#found;
    const [first] = differences;
    const lines = [
      `run ${run}${job === undefined ? "" : ` of job ${job}`}`,
      ...missing.map((each) => `missing: ${each}`),
      ...(first === undefined
        ? []
        : [
            `${verdict === "differs" ? "first datum that differs" : "not the same bytes in"}: ${first.datum} (${first.inputs.join(", ")})`,
          ]),
      ...differences.map(drawDifference),
      ...(datums === 0
        ? []
        : [
            `compared ${countText(datums, "datum")}, ${countText(files, "file")}, ${countText(metrics, "metric")} within ${tolerance}`,
          ]),
      ...leftOut.map((each) => `left out: ${each}`),
      ...notes.map((each) => `note: ${each}`),
      WORDS[verdict],
    ];
    return `${lines.map(plainText).join("\n")}\n`;
  }

  value(): AnswerJson & Reproduction & { readonly gaps: readonly never[] } {
    return { version: 1, kind: "reproduce", complete: this.#found.verdict !== "missing", gaps: [], ...this.#found };
  }
}

function drawDifference({ kind, what, expected, found }: Difference): string {
  return `  ${kind} ${what}: expected ${expected}, found ${found}`;
}
