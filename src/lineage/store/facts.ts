import type { Node } from "../graph.ts";
import { identityKeys } from "../urn.ts";

/** What of a node has columns of its own. */
const BESIDE: ReadonlySet<string> = new Set(["gone", "attempt"]);

/** Facts whose values are times. They are kept as milliseconds since 1970. */
const TIMES = ["time", "began"] as const;

/** What is known of a node beyond its URN, as JSON; undefined when nothing is. Put together by hand, as many nodes are said at once. */
export function encodeFacts(node: Node): string | undefined {
  const known = identityKeys(node.kind);
  let text = "";
  const facts = node as unknown as Readonly<Record<string, unknown>>;
  for (const key in facts) {
    const value = facts[key];
    if (value === undefined || known.has(key) || BESIDE.has(key)) continue;
    text += `${text === "" ? "{" : ","}"${key}":${encodeValue(value)}`;
  }
  return text === "" ? undefined : `${text}}`;
}

function encodeValue(value: unknown): string {
  if (value instanceof Date) return String(value.getTime());
  if (typeof value === "object") return JSON.stringify(value, numbersAsText);
  return JSON.stringify(value);
}

/** JSON has no NaN and no infinity; MLflow's metrics have. */
function numbersAsText(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** The inverse of `encodeFacts`. */
export function decodeFacts(text: string): object {
  const facts = JSON.parse(text) as Record<string, unknown>;
  for (const key of TIMES) if (typeof facts[key] === "number") facts[key] = new Date(facts[key]);
  const metrics = facts["metrics"];
  if (typeof metrics === "object" && metrics !== null)
    facts["metrics"] = Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, Number(value)]));
  return facts;
}
