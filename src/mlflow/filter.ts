import { StemmaError } from "../lineage/errors.ts";

/**
 * A text as a value in MLflow's search language, which has no way to escape a quote. A search of logged models finds nothing
 * by a value in double quotes.
 */
export function quoteFilterValue(text: string): string {
  if (!text.includes("'")) return `'${text}'`;
  if (!text.includes('"')) return `"${text}"`;
  throw new StemmaError("USAGE", `MLflow cannot search for a text with both kinds of quotes: ${text}`);
}
