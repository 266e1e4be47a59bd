import { countText } from "../lineage/draw/words.ts";
import { plainText } from "../lineage/plain-text.ts";
import { referenceTo } from "../lineage/reference.ts";
import type { Urn } from "../lineage/urn.ts";
import { parseUrn } from "../lineage/urn.ts";
import type { Gap } from "../lineage/answer.ts";
import type { Finding } from "../verify/finding.ts";
import type { Verification } from "../verify/verify.ts";
import type { AnswerJson, Printable, Table } from "./print.ts";

/** What verifying has found, in each format. */
export class PrintableVerification implements Printable {
  readonly #verification: Verification;

  constructor(verification: Verification) {
    this.#verification = verification;
  }

  text(): string {
    return [...this.#verification.findings.map(drawFinding), ...this.remarks().map((line) => `${line}\n`)].join("");
  }

  remarks(): readonly string[] {
    const { findings, checked, complete, gaps } = this.#verification;
    const counts = Object.entries(checked).map(([kind, count]) => countText(count, kind));
    const found = findings.length === 0 ? "no findings" : countText(findings.length, "finding");
    return [`${found} in ${counts.join(", ")}`, ...(complete ? ["complete"] : gaps.map(drawGap))];
  }

  table(): Table {
    return {
      head: ["KIND", "WHERE", "WHAT", "EXPECTED", "FOUND"],
      rows: this.#verification.findings.map(({ kind, at, what = "-", expected, found }) =>
        [kind, place(at), what, expected, found].map(plainText),
      ),
    };
  }

  value(): AnswerJson & Verification {
    const { findings, complete, gaps, checked } = this.#verification;
    return { version: 1, kind: "verify", complete, gaps, checked, findings };
  }

  items(): Iterable<Finding | { readonly end: AnswerJson & Omit<Verification, "findings"> }> {
    const { findings, ...rest } = this.#verification;
    return [...findings, { end: { version: 1, kind: "verify", ...rest } }];
  }
}

function drawFinding({ kind, at, what, expected, found, remedy }: Finding): string {
  const lines = [
    `${kind}: ${place(at)}${what === undefined ? "" : `  ${what}`}`,
    `  expected ${expected}`,
    `  found    ${found}`,
    `  ${remedy}`,
  ];
  return `${lines.map(plainText).join("\n")}\n\n`;
}

/** A gap of a whole source is at nothing that has a name. */
function drawGap({ at, why }: Gap): string {
  const where = parseUrn(at).kind === "batch" ? "" : `${place(at)}: `;
  return `incomplete: ${where}${plainText(why)}`;
}

function place(urn: Urn): string {
  return referenceTo(parseUrn(urn));
}
