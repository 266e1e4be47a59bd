import type { LineageIndex } from "../../lineage/store/lineage-index.ts";
import type { PipelineIdentity, Urn } from "../../lineage/urn.ts";
import { formatUrn } from "../../lineage/urn.ts";
import type { JobInfo } from "../../pachyderm/types.ts";
import { pipelineOf } from "../nodes.ts";
import type { PachydermSource } from "../ports.ts";
import type { SyncOptions } from "../sync-options.ts";

/** From where, and into what. */
export interface Reading {
  readonly index: LineageIndex;
  readonly source: PachydermSource;
}

/** One reading of Pachyderm into the index. */
export class Turn implements Reading {
  readonly index: LineageIndex;
  readonly source: PachydermSource;
  readonly full: boolean;
  /** When it began. */
  readonly at: Date;
  /** What was seen to be there, when everything is read. */
  readonly seen = new Set<Urn>();
  /** The versions of pipelines that jobs name. */
  readonly versions = new Map<Urn, PipelineIdentity>();
  /** Commits that were found to be gone. */
  readonly doubtful = new Set<Urn>();
  readonly #options: SyncOptions;
  readonly #read = { commits: 0, jobs: 0 };

  constructor(index: LineageIndex, source: PachydermSource, options: SyncOptions) {
    this.index = index;
    this.source = source;
    this.full = options.full ?? false;
    this.at = (options.now ?? (() => new Date()))();
    this.#options = options;
  }

  get read(): { readonly commits: number; readonly jobs: number } {
    return this.#read;
  }

  /** Counts what was read, tells of it, and throws when the reader has given up. */
  note(kind: "commits" | "jobs", urns: readonly Urn[]): void {
    this.#read[kind] += urns.length;
    if (this.full) for (const urn of urns) this.seen.add(urn);
    this.#options.onProgress?.(`reading Pachyderm: ${this.#read.commits} commits, ${this.#read.jobs} jobs`);
    this.#options.signal?.throwIfAborted();
  }

  /** A commit that is gone: the job that made it may be, too. */
  doubt(commit: Urn): void {
    this.doubtful.add(commit);
  }

  noteVersion(job: JobInfo): void {
    const identity = pipelineOf(job);
    this.versions.set(formatUrn(identity), identity);
  }
}
