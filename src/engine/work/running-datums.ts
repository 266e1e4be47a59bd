import type { Datum, DatumFile } from "../pps/datums.ts";

interface Running {
  readonly datum: Datum;
  /** Ends the attempt that is under way, if one is. */
  readonly restart: AbortController | undefined;
}

/** The datums that a job works on at this moment, until what came of them is recorded. */
export class RunningDatums {
  readonly #running = new Map<string, Running>();

  /** An attempt begins. Answers the signal that ends it so that it is made again. */
  begin(datum: Datum): AbortSignal {
    const restart = new AbortController();
    this.#running.set(datum.id, { datum, restart });
    return restart.signal;
  }

  /** The attempt has ended. */
  rest(datum: Datum): void {
    this.#running.set(datum.id, { datum, restart: undefined });
  }

  /** What came of the datum is recorded. */
  forget(datum: Datum): void {
    this.#running.delete(datum.id);
  }

  find(id: string): Datum | undefined {
    return this.#running.get(id)?.datum;
  }

  /** Ends the attempts at all datums that the filters match, and answers how many there were. */
  restart(filters: readonly string[]): number {
    const matching = [...this.#running.values()].filter(({ datum, restart }) => restart && matches(datum.files, filters));
    for (const { restart } of matching) restart?.abort(new Error("restarted by a user"));
    return matching.length;
  }
}

/** Whether each filter is the path, or the hash, of a file that a datum reads; the hash may be in base64 or hexadecimal. */
export function matches(files: readonly DatumFile[], filters: readonly string[]): boolean {
  return filters.every((filter) => files.some((file) => isNamed(file, filter)));
}

function isNamed({ path, hash }: DatumFile, filter: string): boolean {
  return [path, path.replace(/(?<=.)\/$/, ""), hash, Buffer.from(hash, "hex").toString("base64")].includes(filter);
}
