import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StemmaError } from "../../lineage/errors.ts";
import type { ChildEnd } from "../capture/child.ts";
import type { GitState } from "../capture/git.ts";
import type { ResolvedInput } from "../capture/inputs.ts";

export const RUN_CARD_SCHEMA = "stemma/run-card/1";

/** JSON has no words for these. */
export type CardNumber = number | "NaN" | "Infinity" | "-Infinity";

interface CardArtifact {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

interface CardOrigin {
  readonly project: string;
  readonly pipeline: string;
  readonly version?: number | undefined;
  readonly job: string;
  readonly outputCommit: string;
  readonly datum: string;
  readonly inputs: readonly ResolvedInput[];
}

/** All that a run says, in a file that stays with the run's output. */
export interface RunCard {
  readonly schema: typeof RUN_CARD_SCHEMA;
  readonly runId: string;
  readonly experimentId: string;
  readonly experimentName: string;
  readonly runName: string;
  readonly trackingUri: string;
  readonly status: ChildEnd["status"];
  readonly exitCode: number;
  readonly startTime: string;
  readonly endTime: string;
  readonly command: readonly string[];
  /** Absent outside of Pachyderm. */
  readonly pachyderm?: CardOrigin | undefined;
  readonly git?: GitState | undefined;
  readonly params: Readonly<Record<string, string>>;
  /** The last value of each. */
  readonly metrics: Readonly<Record<string, CardNumber>>;
  readonly artifacts: readonly CardArtifact[];
}

export function toCardNumber(value: number): CardNumber {
  return Number.isFinite(value) ? value : (String(value) as CardNumber);
}

/** Writes the card under its run's id, whole or not at all. FAILED when that cannot be done. */
export async function writeRunCard(folder: string, card: RunCard): Promise<void> {
  const path = join(folder, card.runId);
  const draft = join(folder, `.${card.runId}.draft`);
  try {
    // Spark's overwrite mode may have taken the folder away.
    await mkdir(folder, { recursive: true });
    await writeFile(draft, `${JSON.stringify(card, null, 2)}\n`);
    await rename(draft, path);
  } catch (cause) {
    throw new StemmaError(
      "FAILED",
      `cannot write the run card ${path}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`,
      { cause },
    );
  }
}
