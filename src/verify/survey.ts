import { type ErrorCode, StemmaError } from "../lineage/errors.ts";
import type { LineageIndex } from "../lineage/store/lineage-index.ts";
import type { Urn } from "../lineage/urn.ts";
import type { Gap } from "../lineage/answer.ts";
import type { SeenContent } from "./check-content.ts";
import { type Finding, findingKey } from "./finding.ts";
import { Lookups } from "./lookups.ts";
import type { VerifySources } from "./ports.ts";

export interface VerifyOptions {
  /** Whether artifacts are downloaded and held against the card's digests. */
  readonly artifacts: boolean;
  /** Whether the files of commits are read. */
  readonly content: boolean;
  /** Aliases that had moved by then are fine. */
  readonly accepted: Date;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** What cannot be asked leaves a check undone; anything else that goes wrong is a bug. */
const UNDONE: ReadonlySet<ErrorCode> = new Set(["UNREACHABLE", "FAILED", "UNSUPPORTED", "INTEGRITY", "NOT_FOUND"]);

/** One verification: what it looks things up with, what it has found, and what it could not do. */
export class Survey {
  readonly look: Lookups;
  readonly index: LineageIndex;
  readonly options: VerifyOptions;
  /** Cards that were held against their runs already: a later commit may have the same one. */
  readonly seenCards = new Set<string>();
  readonly seenContent: SeenContent = new Set();
  readonly #findings = new Map<string, Finding>();
  readonly #gaps = new Map<string, Gap>();
  #done = 0;

  constructor(index: LineageIndex, sources: VerifySources, options: VerifyOptions) {
    this.look = new Lookups(sources);
    this.index = index;
    this.options = options;
  }

  /** Does a part of a check; when it cannot be done, that is noted and the others go on. */
  async part(at: Urn, work: () => Promise<readonly Finding[]>): Promise<void> {
    this.options.signal?.throwIfAborted();
    try {
      for (const found of await work()) this.#findings.set(findingKey(found), found);
      this.#done += 1;
    } catch (error) {
      if (!(error instanceof StemmaError) || !UNDONE.has(error.code)) throw error;
      // One line for a server that is away, not one for each thing that it was to be asked for.
      const key = error.code === "UNREACHABLE" ? error.message : `${at} ${error.message}`;
      if (!this.#gaps.has(key)) this.#gaps.set(key, { at, why: error.message, effect: "missing" });
    }
  }

  say(text: string): void {
    this.options.onProgress?.(text);
  }

  /** Sorted by what they are about. */
  get findings(): readonly Finding[] {
    return [...this.#findings.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, found]) => found);
  }

  get gaps(): readonly Gap[] {
    return [...this.#gaps.values()];
  }

  /** True when there was something to check and none of it could be. */
  get isInVain(): boolean {
    return this.#done === 0 && this.#gaps.size > 0;
  }
}
