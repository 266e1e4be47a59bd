import { rm } from "node:fs/promises";
import { execa } from "execa";

/**
 * Removes a folder with all that commands have left in it; one that is not there is removed already. Folders that were made
 * unreadable or nested deeper than a path can say are no match for `chmod` and `rm`, which go down step by step.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    await execa("chmod", ["-R", "u+rwX", path], { reject: false, stdio: "ignore" });
    await execa("rm", ["-rf", path]);
  }
}
