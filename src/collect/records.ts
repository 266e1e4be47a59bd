import { StemmaError } from "../lineage/errors.ts";
import type { CommitNode } from "../lineage/graph.ts";
import type { Identity } from "../lineage/urn.ts";
import type { Gap, Step } from "../lineage/walk.ts";
import type { CommitName } from "../pachyderm/types.ts";
import { DatumReaders } from "./datum-readers.ts";
import { MlflowRecords } from "./mlflow-records.ts";
import { commitIdentity, missing, toCommitNode } from "./nodes.ts";
import { PachydermRecords } from "./pachyderm-records.ts";
import type { Sources } from "./ports.ts";

/** What the steps of a walk look things up in. */
export interface Records {
  readonly pachyderm: PachydermRecords;
  readonly mlflow: MlflowRecords;
  readonly readers: DatumReaders;
}

export function openRecords(sources: Sources): Records {
  const pachyderm = new PachydermRecords(sources.pachyderm);
  return { pachyderm, mlflow: new MlflowRecords(sources.mlflow), readers: new DatumReaders(pachyderm) };
}

export const NOTHING: Step = { neighbours: [], gaps: [] };

/** Several looks at one node. One that fails leaves a gap, and what the others see. */
export async function gather(at: Identity, looks: ReadonlyArray<() => Promise<Step>>): Promise<Step> {
  return concat(await Promise.all(looks.map((look) => orGap(at, look))));
}

export function concat(steps: readonly Step[]): Step {
  return { neighbours: steps.flatMap(({ neighbours }) => neighbours), gaps: steps.flatMap(({ gaps }) => gaps) };
}

async function orGap(at: Identity, look: () => Promise<Step>): Promise<Step> {
  try {
    return await look();
  } catch (error) {
    return { neighbours: [], gaps: [gapFor(at, error)] };
  }
}

/** What a failure means for an answer. What is no StemmaError is a bug, and thrown again. */
export function gapFor(at: Identity, error: unknown): Gap {
  if (!(error instanceof StemmaError)) throw error;
  return missing(at, error.message);
}

/** A commit that something else speaks of, also when it is gone or nobody can be asked. */
export async function lookUpCommit(
  { pachyderm }: Records,
  name: CommitName,
): Promise<{ readonly node: CommitNode; readonly gaps: readonly Gap[] }> {
  const identity = commitIdentity(name);
  try {
    const info = await pachyderm.findCommit(name);
    if (info !== undefined) return { node: toCommitNode(info), gaps: [] };
    return {
      node: { ...identity, state: "gone" },
      gaps: [missing(identity, "the commit is gone, and with it what is known of it")],
    };
  } catch (error) {
    return { node: { ...identity, state: "unknown" }, gaps: [gapFor(identity, error)] };
  }
}
