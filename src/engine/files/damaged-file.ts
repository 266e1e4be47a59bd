import { status } from "@grpc/grpc-js";
import { StemmaError } from "../../lineage/errors.ts";
import { Fault } from "../fault.ts";

/** Passes a file's bytes on. Where its content is missing or damaged, the DATA_LOSS says which file of which commit that is. */
export async function* ofFile(
  { path, of }: { readonly path: string; readonly of: string },
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } catch (error) {
    if (!(error instanceof StemmaError) || error.code !== "INTEGRITY") throw error;
    const text = `file ${path} of ${of} is damaged, as ${error.message}; \`stemma fsck\` says what else is`;
    throw new Fault(status.DATA_LOSS, text);
  }
}
