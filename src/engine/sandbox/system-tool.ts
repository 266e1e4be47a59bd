import { StemmaError } from "../../lineage/errors.ts";

/**
 * Runs a program of the system's, such as chown. Throws FAILED with how it ended. What it takes is loaded with the first one: the
 * engine would start a quarter more slowly for what it seldom needs.
 */
export async function runTool(file: string, args: readonly string[]): Promise<void> {
  const { ExecaError, execa } = await import("execa");
  try {
    await execa(file, args);
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    throw new StemmaError("FAILED", error.shortMessage, { cause: error });
  }
}
