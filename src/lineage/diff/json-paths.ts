/** The leaves of a JSON value by their paths: `transform.cmd[0]`. Empty lists and objects are leaves. */
export function leavesOf(value: unknown): Readonly<Record<string, string>> {
  const leaves: Record<string, string> = Object.create(null) as Record<string, string>;
  const waiting: [path: string, value: unknown][] = [["", value]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [path, at] = next;
    const inner = partsOf(at);
    if (inner.length === 0) leaves[path === "" ? "." : path] = JSON.stringify(at) ?? "";
    for (const [step, part] of inner) waiting.push([`${path}${step.startsWith("[") || path === "" ? step : `.${step}`}`, part]);
  }
  return leaves;
}

function partsOf(value: unknown): ReadonlyArray<readonly [step: string, part: unknown]> {
  if (Array.isArray(value)) return value.map((part, at) => [`[${at}]`, part]);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).map(([key, part]) => [/^\w+$/.test(key) ? key : `[${JSON.stringify(key)}]`, part]);
}
