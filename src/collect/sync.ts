import { StemmaError } from "../lineage/errors.ts";
import type { LineageIndex } from "../lineage/store/lineage-index.ts";
import type { Urn } from "../lineage/urn.ts";
import { formatUrn } from "../lineage/urn.ts";
import type { Gap } from "../lineage/answer.ts";
import { syncMlflow } from "./mlflow-sync.ts";
import { syncPachyderm } from "./pachyderm-sync.ts";
import type { Sources } from "./ports.ts";
import type { SyncOptions, SyncReport } from "./sync-options.ts";

export type { SyncOptions, SyncReport } from "./sync-options.ts";

type SourceName = "pachyderm" | "mlflow";

/** Brings the index up to date with both sources. One that cannot be asked is a gap, and the other is read all the same. */
export async function sync(index: LineageIndex, sources: Sources, options: SyncOptions = {}): Promise<SyncReport> {
  const now = options.now ?? (() => new Date());
  const at = now();
  const all = { ...options, now };
  const [pachyderm, mlflow] = await Promise.all([
    attempt(index, "pachyderm", at, () => syncPachyderm(index, sources.pachyderm, all)),
    attempt(index, "mlflow", at, () => syncMlflow(index, sources.mlflow, all)),
  ]);
  const { commits = 0, jobs = 0 } = pachyderm.answer ?? {};
  const { runs = 0, models = 0 } = mlflow.answer ?? {};
  return {
    at,
    read: { commits, jobs, runs, models },
    gaps: [...pachyderm.gaps, ...mlflow.gaps, ...(mlflow.answer?.gaps ?? [])],
  };
}

/** Stands for a source where a gap is not at a thing of the graph. */
function sourceUrn(name: SourceName): Urn {
  return formatUrn({ kind: "batch", id: name });
}

interface Attempt<Answer> {
  readonly answer?: Answer;
  readonly gaps: readonly Gap[];
}

async function attempt<Answer>(
  index: LineageIndex,
  name: SourceName,
  at: Date,
  read: () => Promise<Answer>,
): Promise<Attempt<Answer>> {
  const cursor = `synced:${name}`;
  try {
    const answer = await read();
    index.write((writer) => writer.setCursor(cursor, at.toISOString()));
    return { answer, gaps: [] };
  } catch (error) {
    // A damaged index is no fault of the source.
    if (!(error instanceof StemmaError) || error.code === "INTEGRITY") throw error;
    return { gaps: [outOfDate(name, error, index.cursor(cursor))] };
  }
}

function outOfDate(name: SourceName, error: StemmaError, last: string | undefined): Gap {
  const rest = last === undefined ? "nothing was read of it yet" : `what is shown of it is of ${last}`;
  return { at: sourceUrn(name), why: `${error.message.replace(/\.$/, "")}: ${rest}`, effect: "missing" };
}
