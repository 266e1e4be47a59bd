/** A shorter text is in too many lines by chance. */
const SHORTEST_SECRET = 3;

/** Answers a function that puts stars in the place of secret values; of a value with several lines, of each of them. */
export function maskOf(values: Iterable<string>): (line: string) => string {
  const texts = [...values].flatMap((value) => value.split("\n")).map((text) => text.trim());
  const secrets = [...new Set(texts)].filter((text) => text.length >= SHORTEST_SECRET).sort((a, b) => b.length - a.length);
  return (line) => secrets.reduce((masked, secret) => masked.replaceAll(secret, "***"), line);
}
