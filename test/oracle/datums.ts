import type { PfsInput } from "../../src/pachyderm/types.ts";
import { digestOf } from "./names.ts";

/** How a pipeline's inputs are put together. */
export type InputTree =
  | { readonly kind: "pfs"; readonly input: PfsInput }
  | { readonly kind: "cross" | "union"; readonly parts: readonly InputTree[] };

/** A file that a datum takes; a folder's path ends in a slash. */
export interface Taken {
  readonly input: PfsInput;
  readonly path: string;
  readonly hash: string;
}

export function inputsOf(tree: InputTree): readonly PfsInput[] {
  return tree.kind === "pfs" ? [tree.input] : tree.parts.flatMap(inputsOf);
}

/** Crosses of crosses grow beyond what a quick test can walk: the rest is left out. */
const MOST_DATUMS = 6;

/** What each datum takes of its inputs' files, which are known by path with the hash of each. */
export function planDatums(
  tree: InputTree,
  filesOf: (input: PfsInput) => ReadonlyMap<string, string>,
): ReadonlyArray<readonly Taken[]> {
  if (tree.kind === "pfs") return matches(filesOf(tree.input), tree.input.glob).map((match) => [{ input: tree.input, ...match }]);
  const parts = tree.parts.map((part) => planDatums(part, filesOf));
  if (tree.kind === "union") return parts.flat().slice(0, MOST_DATUMS);
  return parts
    .reduce<ReadonlyArray<readonly Taken[]>>((all, part) => all.flatMap((one) => part.map((other) => [...one, ...other])), [[]])
    .slice(0, MOST_DATUMS);
}

/** `/`, or the files and folders one or two levels down. */
function matches(
  files: ReadonlyMap<string, string>,
  glob: string,
): ReadonlyArray<{ readonly path: string; readonly hash: string }> {
  const depth = glob === "/" ? 0 : glob.split("/").length - 1;
  const paths = new Set([...files.keys()].flatMap((path) => cutAt(path, depth)));
  return [...paths].sort().map((path) => ({ path, hash: hashOf(files, path) }));
}

/** The path's first parts: a folder, the file itself, or nothing when it is not so deep. */
function cutAt(path: string, depth: number): readonly string[] {
  const parts = path.split("/").slice(1);
  if (parts.length < depth) return [];
  return [
    parts.length === depth
      ? path
      : `/${parts
          .slice(0, depth)
          .map((part) => `${part}/`)
          .join("")}`,
  ];
}

function hashOf(files: ReadonlyMap<string, string>, path: string): string {
  return (
    files.get(path) ??
    digestOf(
      [...files]
        .filter(([each]) => each.startsWith(path))
        .flat()
        .join(),
    )
  );
}
