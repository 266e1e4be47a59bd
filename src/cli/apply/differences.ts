import { isDeepStrictEqual } from "node:util";
import { isObject } from "../../engine/pps/proto-json.ts";
import { plainText } from "../../lineage/plain-text.ts";

/** One place at which two JSON values differ. What is absent was not there, or is not there any more. */
export interface Difference {
  /** As `transform.cmd[3]`; of what was taken out of a list, where it was. */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** The smallest places at which two values differ, in the order of the newer one. */
export function differences(before: unknown, after: unknown, path = ""): readonly Difference[] {
  if (isObject(before) && isObject(after)) {
    const names = new Set([...Object.keys(after), ...Object.keys(before)]);
    return [...names].flatMap((name) => differences(before[name], after[name], memberPath(path, name)));
  }
  if (Array.isArray(before) && Array.isArray(after)) return listDifferences(before, after, path);
  if (isDeepStrictEqual(before, after)) return [];
  return [{ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
}

/** `+ path: new`, `- path: old` or `  path: old -> new`. */
export function formatDifference({ path, before, after }: Difference): string {
  if (before === undefined) return `+ ${plainText(path)}: ${show(after)}`;
  if (after === undefined) return `- ${plainText(path)}: ${show(before)}`;
  return `  ${plainText(path)}: ${show(before)} -> ${show(after)}`;
}

/** Lists of one length differ item by item; else what is common to both is found, so that a word put in moves no others. */
function listDifferences(before: readonly unknown[], after: readonly unknown[], path: string): readonly Difference[] {
  if (before.length === after.length)
    return after.flatMap((item, index) => differences(before[index], item, `${path}[${index}]`));
  const kept = commonItems(before, after);
  const old = new Set(kept.map(([index]) => index));
  const young = new Set(kept.map(([, index]) => index));
  return [
    ...before.flatMap((item, index) => (old.has(index) ? [] : [{ path: `${path}[${index}]`, before: item }])),
    ...after.flatMap((item, index) => (young.has(index) ? [] : [{ path: `${path}[${index}]`, after: item }])),
  ];
}

/** The longest sequence of items that both lists have, as pairs of their places. */
function commonItems(before: readonly unknown[], after: readonly unknown[]): ReadonlyArray<readonly [number, number]> {
  const rest = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  const length = (a: number, b: number): number => rest[a]?.[b] ?? 0;
  const isSame = (a: number, b: number): boolean => isDeepStrictEqual(before[a], after[b]);
  for (let a = before.length - 1; a >= 0; a--)
    for (let b = after.length - 1; b >= 0; b--)
      rest[a]?.set([isSame(a, b) ? length(a + 1, b + 1) + 1 : Math.max(length(a + 1, b), length(a, b + 1))], b);
  const pairs: Array<readonly [number, number]> = [];
  for (let a = 0, b = 0; a < before.length && b < after.length;) {
    if (isSame(a, b)) pairs.push([a++, b++]);
    else if (length(a + 1, b) >= length(a, b + 1)) a++;
    else b++;
  }
  return pairs;
}

function memberPath(path: string, name: string): string {
  if (!/^[\w-]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}

function show(value: unknown): string {
  return plainText(JSON.stringify(value));
}
