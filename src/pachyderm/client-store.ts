import { StemmaError } from "../lineage/errors.ts";
import { PipelineCalls } from "./client-pipelines.ts";
import { engine, pfs } from "./services.ts";

/** What a check of the store has to say: something that is wrong, or that was and has been repaired. */
export interface Finding {
  readonly kind: "error" | "fix";
  readonly text: string;
}

/** What clean-up has found that nothing refers to. */
export interface Garbage {
  /** Objects and tree nodes that something refers to. */
  readonly kept: number;
  /** Stored content that nothing refers to. */
  readonly objects: number;
  /** Nodes of trees that nothing refers to. */
  readonly nodes: number;
  /** Files that a killed engine left unfinished. */
  readonly unfinished: number;
  /** The bytes of all that nothing refers to. */
  readonly bytes: number;
}

/** Calls about how a server keeps its data. */
export class StoreCalls extends PipelineCalls {
  /** Checks all that is stored. Nothing comes of a store in which all is well. */
  checkStore(options: { fix?: boolean } = {}): AsyncIterable<Finding> {
    return this.connection.receive(pfs.Fsck, options, ({ error = "", fix = "" }): Finding | undefined => {
      if (error !== "") return { kind: "error", text: error };
      return fix === "" ? undefined : { kind: "fix", text: fix };
    });
  }

  /**
   * Removes what nothing refers to, or with `dryRun` only looks; tells what it has found so far, and in the end all of it.
   * Rejects with UNSUPPORTED at a pachd, which does that by itself.
   */
  async *collectGarbage(options: { dryRun?: boolean } = {}): AsyncIterable<Garbage> {
    const request = { dry_run: options.dryRun ?? false };
    try {
      yield* this.connection.receive(engine.CollectGarbage, request, ({ kept, objects, nodes, unfinished, bytes }) => ({
        kept: Number(kept ?? 0),
        objects: Number(objects ?? 0),
        nodes: Number(nodes ?? 0),
        unfinished: Number(unfinished ?? 0),
        bytes: Number(bytes ?? 0),
      }));
    } catch (error) {
      if (!(error instanceof StemmaError) || error.code !== "UNSUPPORTED") throw error;
      const message = `Pachyderm at ${this.connection.address} removes what nothing refers to by itself.`;
      throw new StemmaError("UNSUPPORTED", message, { cause: error });
    }
  }
}
