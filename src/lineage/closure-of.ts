import { Closure } from "./closure.ts";
import { StemmaError } from "./errors.ts";
import type { Level } from "./answer.ts";
import type { LineageIndex } from "./store/lineage-index.ts";
import { Rows } from "./store/rows.ts";
import type { NodeKind, Urn } from "./urn.ts";
import type { Direction, Expander, WalkOptions } from "./answer.ts";

/** All that is above or below a node. Throws NOT_FOUND. */
export async function closureOf(
  index: LineageIndex,
  root: Urn,
  options: WalkOptions & { readonly direction: Direction },
  expander: Expander | undefined,
): Promise<Closure> {
  const start = new Rows(index).find(root);
  if (start === undefined) throw new StemmaError("NOT_FOUND", `there is no ${root} in the index.`);
  const closure = new Closure(index, start, { ...options, level: options.level ?? levelFrom(start.kind) });
  if (closure.options.level === "file" && expander !== undefined) await walkAndExpand(index, closure, expander);
  else index.read(() => walkOn(closure));
  return closure;
}

/** A walk from a commit or job goes from commit to commit; one from what is smaller, or came of it, stays among files as long as datums tell. */
function levelFrom(kind: NodeKind): Level {
  return AMONG_FILES.has(kind) ? "file" : "commit";
}

const AMONG_FILES: ReadonlySet<NodeKind> = new Set(["file", "datum", "run", "logged-model", "model-version"]);

function walkOn(closure: Closure): void {
  while (closure.frontier.length > 0) closure.advance();
}

/** Between two levels the index is filled with what the next one needs. */
async function walkAndExpand(index: LineageIndex, closure: Closure, { expand }: Expander): Promise<void> {
  const { direction } = closure.options;
  while (closure.frontier.length > 0) {
    const urns = closure.frontier.filter(({ kind }) => levelFrom(kind) === "file").map(({ urn }) => urn);
    if (urns.length > 0) {
      closure.gaps.push(...(await expand(urns, direction)));
      closure.refresh();
    }
    index.read(() => closure.advance());
  }
}
