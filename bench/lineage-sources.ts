import { createHash } from "node:crypto";
import type { Sources } from "../src/collect/ports.ts";
import type { CommitName } from "../src/pachyderm/types.ts";
import { FakeMlflow, FakePachyderm } from "../test/helpers/fake-lineage-sources.ts";

const PIPELINES = 5;

/** Servers in memory, as the tests use them, with a clock for what they themselves take: a real one would answer from its own database. */
export class MemoryServers {
  readonly sources: Sources;
  readonly #pachyderm = new FakePachyderm();
  readonly #mlflow = new FakeMlflow();
  #ownMs = 0;
  #commits = 0;

  constructor() {
    const add = (ms: number): void => {
      this.#ownMs += ms;
    };
    this.sources = { pachyderm: clocked(this.#pachyderm, add), mlflow: clocked(this.#mlflow, add) };
  }

  /** Milliseconds that some work takes, without what the servers took of it. */
  async time(work: () => Promise<unknown>): Promise<number> {
    const ownBefore = this.#ownMs;
    const startedAt = performance.now();
    await work();
    return performance.now() - startedAt - (this.#ownMs - ownBefore);
  }

  /** As many commits, every other one made by a job, and runs in those jobs. */
  fill(commits: number, runs: number): void {
    for (let pair = 0; pair < commits / 2; pair += 1) {
      const input = this.commit(pair % PIPELINES);
      const output = this.#pachyderm.job(`stage-${pair % PIPELINES}`, idOf(`job ${pair}`), input, []);
      if (pair < runs) this.#mlflow.runOf(idOf(`run ${pair}`), output, "", input, { at: pair - runs });
    }
  }

  /** A user puts a file. */
  commit(repo = 0): CommitName {
    this.#commits += 1;
    return this.#pachyderm.commit(`raw-${repo}`, idOf(`commit ${this.#commits}`), ["/a"]);
  }

  /** A file that one datum made of all the files that so many datums made, each of one of a user's. */
  joined(datums: number): { readonly commit: CommitName; readonly path: string } {
    const parts = Array.from({ length: datums }, (_, part) => `/part-${part}`);
    const raw = this.#pachyderm.commit("raw", idOf("raw"), parts);
    const each = parts.map((path) => ({ id: idOf(`datum ${path}`), reads: [path], writes: [path] }));
    const clean = this.#pachyderm.job("clean", idOf("clean"), raw, each);
    const whole = { id: idOf("datum"), reads: parts, writes: ["/model"] };
    return { commit: this.#pachyderm.job("train", idOf("train"), clean, [whole]), path: "/model" };
  }
}

function idOf(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

/** The same object, which says how long its methods take: they work as they are called, or as the next item is asked for, and wait for nothing. */
function clocked<Source extends object>(source: Source, add: (ms: number) => void): Source {
  const timed = <Result>(work: () => Result): Result => {
    const startedAt = performance.now();
    const result = work();
    add(performance.now() - startedAt);
    return result;
  };
  return new Proxy(source, {
    get(_, name) {
      const method: unknown = Reflect.get(source, name, source);
      if (typeof method !== "function") return method;
      return (...values: readonly unknown[]): unknown => {
        const result: unknown = timed(() => Reflect.apply(method, source, values));
        return isStream(result) ? clockedStream(result, timed) : result;
      };
    },
  });
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

async function* clockedStream(
  items: AsyncIterable<unknown>,
  timed: (work: () => Promise<IteratorResult<unknown>>) => Promise<IteratorResult<unknown>>,
): AsyncIterable<unknown> {
  const iterator = items[Symbol.asyncIterator]();
  for (let item = await timed(() => iterator.next()); item.done !== true; item = await timed(() => iterator.next()))
    yield item.value;
}
