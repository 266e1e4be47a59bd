import type { Values } from "../lineage/diff/values.ts";
import { StemmaError } from "../lineage/errors.ts";
import type { PipelineNode } from "../lineage/graph.ts";
import type { Gap } from "../lineage/answer.ts";
import type { DiffSide } from "./diff-sides.ts";
import { WHOLE_SPEC, knownSpec, readSpec } from "./diff-spec.ts";
import { missing } from "./nodes.ts";
import type { PachydermSource } from "./ports.ts";

type Source = Pick<PachydermSource, "listPipelines">;
type Note = (gap: Gap) => void;

/** Both specifications: in short, and path by path where they are not the same. */
export async function readSpecs(
  source: Source,
  { pipeline: before }: DiffSide,
  { pipeline: after }: DiffSide,
  note: Note,
): Promise<{ readonly before: Values; readonly after: Values }> {
  const known = { before: knownSpec(before), after: knownSpec(after) };
  if (before === undefined || after === undefined || isSame(before, after)) return known;
  const [old, now] = [await specOf(source, before, note), await specOf(source, after, note)];
  if (old === undefined || now === undefined) return known;
  // Path by path says more than the digests of all.
  return {
    before: { ...known.before, [WHOLE_SPEC]: undefined, ...old },
    after: { ...known.after, [WHOLE_SPEC]: undefined, ...now },
  };
}

function isSame(before: PipelineNode, after: PipelineNode): boolean {
  if (before.specDigest !== undefined && before.specDigest === after.specDigest) return true;
  return before.project === after.project && before.pipeline === after.pipeline && before.version === after.version;
}

async function specOf(source: Source, pipeline: PipelineNode, note: Note): Promise<Values | undefined> {
  try {
    const spec = await readSpec(source, pipeline);
    if (spec === undefined) note(missing(pipeline, "the server no longer knows this version's specification"));
    return spec;
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
    note(missing(pipeline, `its specification cannot be read: ${error.message}`));
    return undefined;
  }
}
