import type { Node } from "../graph.ts";
import { identityKeys } from "../urn.ts";

/** What of a node has columns of its own. */
const BESIDE: ReadonlySet<string> = new Set(["gone", "attempt"]);

/** Facts whose values are times. */
const TIMES = ["time", "began"] as const;

/** What is known of a node beyond its URN, as JSON; undefined when nothing is. */
export function encodeFacts(node: Node): string | undefined {
  const known = identityKeys(node.kind);
  const own: Record<string, unknown> = {};
  let isEmpty = true;
  const facts: Readonly<Record<string, unknown>> = { ...node };
  for (const key in facts) {
    if (facts[key] === undefined || known.has(key) || BESIDE.has(key)) continue;
    own[key] = facts[key];
    isEmpty = false;
  }
  if (isEmpty) return undefined;
  return "metrics" in own ? JSON.stringify(own, numbersAsText) : JSON.stringify(own);
}

/** JSON has no NaN and no infinity; MLflow's metrics have. */
function numbersAsText(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** The inverse of `encodeFacts`. */
export function decodeFacts(text: string): object {
  const facts = JSON.parse(text) as Record<string, unknown>;
  for (const key of TIMES) if (typeof facts[key] === "string") facts[key] = new Date(facts[key]);
  const metrics = facts["metrics"];
  if (typeof metrics === "object" && metrics !== null)
    facts["metrics"] = Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, Number(value)]));
  return facts;
}
