import type { Gap } from "../lineage/answer.ts";

export interface SyncOptions {
  /** Reads everything again and notes what is no more there; else only what is new or was not done. */
  readonly full?: boolean | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly now?: (() => Date) | undefined;
}

export interface SyncReport {
  /** The sources that could not be asked. */
  readonly gaps: readonly Gap[];
  readonly read: Readonly<Record<"commits" | "jobs" | "runs" | "models", number>>;
  readonly at: Date;
}
