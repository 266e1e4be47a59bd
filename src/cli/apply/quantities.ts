import { isObject } from "../../engine/pps/proto-json.ts";
import { StemmaError } from "../../lineage/errors.ts";

const QUANTITY = /^\+?(?<number>\d+\.?\d*|\.\d+)(?<suffix>[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/;
const POWERS: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const SIDES = ["", "sidecar_"];

/** A Kubernetes quantity as a number (`1.5Gi`, `500M`, `1e9`), or undefined for what is none. */
export function parseQuantity(text: string): number | undefined {
  const { number, suffix = "" } = QUANTITY.exec(text)?.groups ?? {};
  if (number === undefined) return undefined;
  const binary = BINARY.indexOf(suffix);
  if (binary >= 0) return Number(number) * 1024 ** (binary + 1);
  const power = POWERS[suffix] ?? Number(suffix.slice(1));
  return Number(number) * 10 ** power;
}

/**
 * Throws USAGE for an amount of memory or disk that Kubernetes cannot read, and for a request above its limit. pachd only logs
 * the first, and goes on without; of the second it makes pods that never come up.
 */
export function checkResources(spec: Readonly<Record<string, unknown>>): void {
  for (const side of SIDES) {
    const requests = amounts(spec, `${side}resource_requests`);
    const limits = amounts(spec, `${side}resource_limits`);
    for (const [name, requested] of requests) {
      const limit = limits.get(name);
      if (limit !== undefined && requested.amount > limit.amount)
        throw new StemmaError("USAGE", `${requested.path} (${requested.text}) is more than ${limit.path} (${limit.text}).`);
    }
  }
}

interface Amount {
  readonly path: string;
  readonly text: string;
  readonly amount: number;
}

function amounts(spec: Readonly<Record<string, unknown>>, group: string): ReadonlyMap<string, Amount> {
  const given = spec[group];
  if (!isObject(given)) return new Map();
  const found = ["cpu", "memory", "disk"].flatMap((name) => {
    const value = given[name];
    if (typeof value !== "number" && typeof value !== "string") return [];
    return [[name, toAmount(`${group}.${name}`, String(value))] as const];
  });
  return new Map(found);
}

function toAmount(path: string, text: string): Amount {
  const amount = parseQuantity(text);
  if (amount !== undefined) return { path, text, amount };
  throw new StemmaError("USAGE", `${path} is "${text}", which is no quantity of Kubernetes.`, {
    hint: "Write it like 512Mi, 8Gi or 2G.",
  });
}
