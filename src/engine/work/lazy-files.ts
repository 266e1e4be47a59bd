import { constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { runTool } from "../sandbox/system-tool.ts";
import type { ContentStore, StoredContent } from "../store/content-store.ts";

/** How soon a program that opens a pipe gets something: nothing tells when it does, so it is tried again and again. */
const LOOK_MS = 10;
/** As many names as surely fit on a command line. */
const PIPES_AT_ONCE = 500;

/**
 * Files that are named pipes, and filled when a program opens them, each once. One that nobody opens costs nothing, and one that
 * nobody reads to its end waits until the work ends.
 */
export class LazyFiles {
  /** What has gone into pipes so far. */
  bytes = 0;
  readonly #content: ContentStore;
  readonly #closed = new Map<string, StoredContent>();
  readonly #feeding = new Set<Promise<void>>();
  readonly #abort = new AbortController();
  #failure: unknown;
  #timer: NodeJS.Timeout | undefined;

  constructor(content: ContentStore) {
    this.#content = content;
  }

  /** Makes the pipes, by their paths on this machine, and begins to look who opens them. */
  async make(files: ReadonlyMap<string, StoredContent>): Promise<void> {
    const paths = [...files.keys()];
    for (let from = 0; from < paths.length; from += PIPES_AT_ONCE)
      await runTool("mkfifo", paths.slice(from, from + PIPES_AT_ONCE));
    for (const [path, content] of files) this.#closed.set(path, content);
    if (paths.length > 0) this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Stops feeding. Throws what went wrong, but not that a program stopped reading. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#abort.abort();
    await Promise.all(this.#feeding);
    if (this.#failure !== undefined) throw this.#failure;
  }

  #look(): void {
    for (const [path, content] of this.#closed) {
      const descriptor = openForReader(path);
      if (descriptor === "no reader") continue;
      this.#closed.delete(path);
      if (descriptor === "no pipe") continue;
      const feeding = this.#feed(descriptor, content).finally(() => this.#feeding.delete(feeding));
      this.#feeding.add(feeding);
    }
  }

  async #feed(descriptor: number, content: StoredContent): Promise<void> {
    const pipe = new Socket({ fd: descriptor, readable: false, writable: true });
    try {
      await pipeline(this.#counted(content), pipe, { signal: this.#abort.signal });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EPIPE" && !this.#abort.signal.aborted) this.#failure ??= error;
    }
  }

  async *#counted(content: StoredContent): AsyncIterableIterator<Uint8Array> {
    for await (const piece of this.#content.read(content)) {
      yield piece;
      this.bytes += piece.length;
    }
  }
}

/** Opens a pipe for writing without waiting, if somebody reads from it. */
function openForReader(path: string): number | "no reader" | "no pipe" {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENXIO" ? "no reader" : "no pipe";
  }
}
