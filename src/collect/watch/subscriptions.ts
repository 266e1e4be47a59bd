import { StemmaError } from "../../lineage/errors.ts";
import type { RepoName } from "../../pachyderm/types.ts";
import type { PachydermSource } from "../ports.ts";
import { listAll } from "../remote.ts";

/** Streams of new commits, one for each repo. */
export class Subscriptions {
  readonly #source: PachydermSource;
  readonly #signal: AbortSignal;
  readonly #followed = new Set<string>();
  readonly #leave = new Set<() => void>();
  #isDue = false;
  #wake: (() => void) | undefined;

  constructor(source: PachydermSource, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#end(), { once: true });
  }

  /** Follows all repos that are not followed yet: new ones, and those whose stream broke off. */
  async followAll(): Promise<void> {
    for (const { repo } of await listAll(this.#source.listRepos())) {
      const name = `${repo.project}/${repo.name}`;
      if (this.#followed.has(name)) continue;
      this.#followed.add(name);
      // What ends it is a lost server or a deleted repo: the next call begins anew. A bug ends the program, as it should.
      void this.#follow(repo).finally(() => this.#followed.delete(name));
    }
  }

  /** Resolves with the next commit, at once when one came since the last call; after some time without one; and with the signal. */
  async next(waitMs: number): Promise<void> {
    if (!this.#isDue && !this.#signal.aborted)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#isDue = false;
    this.#wake = undefined;
  }

  async #follow(repo: RepoName): Promise<void> {
    try {
      const [newest] = await listAll(this.#source.listCommits(repo, { number: 1 }));
      if (this.#signal.aborted) return;
      const stream = this.#source.subscribeCommits(repo, { from: newest?.commit.id })[Symbol.asyncIterator]();
      const leave = (): void => void stream.return?.();
      this.#leave.add(leave);
      try {
        while ((await stream.next()).done !== true) this.#notify();
      } finally {
        this.#leave.delete(leave);
      }
    } catch (error) {
      if (!(error instanceof StemmaError) && !this.#signal.aborted) throw error;
    }
  }

  #end(): void {
    for (const leave of this.#leave) leave();
    this.#wake?.();
  }

  #notify(): void {
    this.#isDue = true;
    this.#wake?.();
  }
}
