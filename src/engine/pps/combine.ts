import { type Fault, refused } from "../fault.ts";
import type { CompositeInput, PfsInput, SpecInput } from "./pipeline-spec.ts";

/** More datums than this are refused: a cross of a few large inputs makes more than a job could do, or memory hold. */
const MOST_DATUMS = 1_000_000;

/** What deciding which files belong together needs to know of a file. */
export interface Combinable {
  readonly joinOn: string;
  readonly groupBy: string;
  readonly outerJoin: boolean;
}

/** The files of one datum, in the order of the inputs. */
type Combination<F> = readonly F[];
type Combinations<F> = readonly Combination<F>[];

/**
 * The datums that an input makes of the files that its leaves match, in a fixed order; two of them may be the same.
 * Throws where there would be more than `most`.
 */
export function combine<F extends Combinable>(
  input: SpecInput,
  filesOf: (leaf: PfsInput) => readonly F[],
  most = MOST_DATUMS,
): Combinations<F> {
  if (input.kind === "pfs") return limited(chosen([filesOf(input)]), most);
  const children = input.inputs.map((child) => combine(child, filesOf, most));
  if (input.kind === "cross" && children.reduce((product, child) => product * child.length, 1) > most) throw tooMany(most);
  return limited(composed(input.kind, children), most);
}

function composed<F extends Combinable>(
  kind: CompositeInput["kind"],
  children: readonly Combinations<F>[],
): Iterable<Combination<F>> {
  switch (kind) {
    case "cross":
      return crossed(children);
    case "union":
      return children.flat();
    case "join":
      return joined(children);
    default:
      return grouped(children);
  }
}

function* crossed<F>(children: readonly Combinations<F>[]): Iterable<Combination<F>> {
  for (const combinations of chosen(children)) yield combinations.flat();
}

/** Every way to choose one of each list. */
function* chosen<T>(lists: readonly (readonly T[])[]): Iterable<T[]> {
  const [first, ...rest] = lists;
  if (first === undefined) yield [];
  else for (const item of first) for (const others of chosen(rest)) yield [item, ...others];
}

/** For each key, every choice of one file of each child that has any. Where a child has none, only its outer files stay. */
function* joined<F extends Combinable>(children: readonly Combinations<F>[]): Iterable<Combination<F>> {
  for (const files of byKey(children, ({ joinOn }) => joinOn)) {
    const present = files.filter((ofChild) => ofChild.length > 0);
    const isWhole = present.length === children.length;
    for (const combination of chosen(present)) {
      const staying = isWhole ? combination : combination.filter((file) => file.outerJoin);
      if (staying.length > 0) yield staying;
    }
  }
}

function* grouped<F extends Combinable>(children: readonly Combinations<F>[]): Iterable<Combination<F>> {
  for (const files of byKey(children, ({ groupBy }) => groupBy)) yield files.flat();
}

/**
 * For each key, in order, the files of each child that have it. It matters not in which datums of a child a file would have been,
 * nor in how many.
 */
function byKey<F>(children: readonly Combinations<F>[], keyOf: (file: F) => string): F[][][] {
  const groups = children.map((child) => Map.groupBy(new Set(child.flat()), keyOf));
  const keys = new Set(groups.flatMap((ofChild) => [...ofChild.keys()]));
  return [...keys].sort().map((key) => groups.map((ofChild) => ofChild.get(key) ?? []));
}

function limited<T>(items: Iterable<T>, most: number): T[] {
  const list: T[] = [];
  for (const item of items) {
    if (list.length >= most) throw tooMany(most);
    list.push(item);
  }
  return list;
}

function tooMany(most: number): Fault {
  return refused(`the input makes more than ${most} datums; narrow its globs, or join instead of crossing`);
}

/** Puts what a glob's groups matched in the place of `$1`, `${2}` …; `$0` is the whole path and `$$` a dollar sign. */
export function fillIn(template: string, path: string, groups: readonly string[]): string {
  return template.replaceAll(/\$(?:(\d+)|\{(\d+)\}|\$)/g, (reference: string, bare?: string, braced?: string) => {
    if (reference === "$$") return "$";
    return [path, ...groups][Number(bare ?? braced)] ?? reference;
  });
}
