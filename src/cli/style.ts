import type { Context } from "./context.ts";

const RESET = "\u001B[0m";
const DIM = "\u001B[2m";
const BOLD = "\u001B[1m";
const RED = "\u001B[31m";
const GREEN = "\u001B[32m";
const YELLOW = "\u001B[33m";
const CYAN = "\u001B[36m";

/** True when results may have colours: on a terminal, unless $NO_COLOR or a dumb terminal says no, or where $FORCE_COLOR says so. */
export function hasColour({ env, stdout }: Pick<Context, "env" | "stdout">): boolean {
  if (env["NO_COLOR"]) return false;
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined && forced !== "") return forced !== "0" && forced !== "false";
  return stdout.isTTY && env["TERM"] !== "dumb";
}

/** How each part of an answer looks; the first that fits a place wins. */
const STYLES: ReadonlyArray<readonly [part: string, style: string]> = [
  [String.raw`^(?:[│├└ ]*(?:├─|└─|│)) ?`, DIM],
  [String.raw`^(?:incomplete:|note:).*$`, YELLOW],
  [String.raw`^complete$`, GREEN],
  [String.raw`\b(?:failed|killed|failure|unrunnable|gone since \S+|attempt)\b`, RED],
  [String.raw`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ`, DIM],
  [String.raw`\b[0-9a-f]{32}\b`, CYAN],
  [String.raw`^[A-Z][A-Z ]+$`, BOLD],
];
const PARTS = new RegExp(STYLES.map(([part]) => `(${part})`).join("|"), "gm");

/** The same text in colours. */
export function paint(text: string): string {
  return text.replace(PARTS, (part, ...groups: unknown[]) => {
    const [, style = ""] = STYLES[groups.findIndex((group) => group !== undefined)] ?? [];
    return `${style}${part}${RESET}`;
  });
}
