import { plainText } from "../lineage/plain-text.ts";

/** Any JSON value in one line that leaves the terminal alone; nothing for what is absent. */
export function formatValue(value: unknown): string {
  if (value === undefined || value === null) return "";
  return plainText(typeof value === "string" ? value : JSON.stringify(value));
}

/** A word of a command as a shell would take it. */
export function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** `0.4 s`, `12.0 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${(ms / 1000).toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
