import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StemmaError } from "../../lineage/errors.ts";
import type { DatasetInput } from "../../mlflow/types.ts";
import type { ChildEnd } from "../capture/child.ts";
import type { ResolvedInput } from "../capture/inputs.ts";
import type { CapturedCode, CapturedEnvironment } from "../capture/surroundings.ts";
import type { SparkSummary } from "../capture/spark/summary.ts";
import type { Attempt } from "../delivery/attempts.ts";
import type { ItemKind } from "../delivery/items.ts";
import { cardDigest } from "./canonical.ts";
import type { CardNumber } from "./numbers.ts";

export const RUN_CARD_SCHEMA = "stemma/run-card/1";

export interface CardFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

interface CardOrigin {
  readonly project: string;
  readonly pipeline: string;
  readonly version?: number | undefined;
  readonly image?: string | undefined;
  readonly job: string;
  readonly outputCommit: string;
  readonly datum: string;
  readonly inputs: readonly ResolvedInput[];
}

/** All that a run says, in a file that stays with the run's output. schemas/run-card-1.schema.json describes it. */
export interface RunCard {
  readonly schema: typeof RUN_CARD_SCHEMA;
  /** Absent only in an outbox, when MLflow was away from the start to the end. */
  readonly runId?: string | undefined;
  readonly experimentId?: string | undefined;
  /** Absent when a run was continued by its id alone. */
  readonly experimentName?: string | undefined;
  readonly runName: string;
  readonly trackingUri: string;
  /** The same for all attempts at the same work. */
  readonly key: string;
  readonly attempt: number;
  readonly attempts: readonly Attempt[];
  readonly status: ChildEnd["status"];
  readonly exitCode: number;
  readonly startTime: string;
  readonly endTime: string;
  readonly command: readonly string[];
  /** Absent outside of Pachyderm. */
  readonly pachyderm?: CardOrigin | undefined;
  readonly code: CapturedCode;
  readonly environment: CapturedEnvironment;
  readonly tags: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  /** The last value of each. */
  readonly metrics: Readonly<Record<string, CardNumber>>;
  readonly datasets: readonly DatasetInput[];
  readonly artifacts: readonly CardFile[];
  readonly models: readonly { readonly name: string; readonly digest: string; readonly files: readonly CardFile[] }[];
  /** One for each Spark application. */
  readonly spark?: readonly SparkSummary[] | undefined;
  /** Runs that the command made within this one. */
  readonly children: readonly string[];
  /** What MLflow had not been told when the card was written, by kind. */
  readonly undelivered: Readonly<Partial<Record<ItemKind, number>>>;
  /** SHA-256 over the canonical form (RFC 8785) of all other fields. */
  readonly digest: string;
}

/** A card with its digest, as it is when it has been written and read again. */
export function sealCard(card: Omit<RunCard, "digest">): RunCard {
  const plain = JSON.parse(JSON.stringify(card)) as Omit<RunCard, "digest">;
  return { ...plain, digest: cardDigest(plain) };
}

/** Writes the card under its run's id, whole or not at all. FAILED when that cannot be done. */
export async function writeRunCard(folder: string, card: RunCard & { readonly runId: string }): Promise<void> {
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
