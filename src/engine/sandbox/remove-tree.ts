import { rm } from "node:fs/promises";
import { runTool } from "./system-tool.ts";

/**
 * Removes a folder with all that commands have left in it; one that is not there is removed already. Folders that were made
 * unreadable or nested deeper than a path can say are no match for `chmod` and `rm`, which go down step by step.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    await runTool("sh", ["-c", 'chmod -R u+rwX "$1" 2>/dev/null; rm -rf "$1"', "sh", path]);
  }
}
