import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { execa } from "execa";
import { StemmaError } from "../lineage/errors.ts";
import { readGit } from "../tracker/capture/code/git.ts";
import { findSha256 } from "../tracker/capture/files.ts";
import type { CodeState } from "./ports.ts";

/** The folder that holds the code which is to run: here, or as it was at the run's git commit. */
export class CodeFolder {
  readonly #path: string;
  /** What --in named, as jobs are to find it; undefined without it. */
  readonly given: string | undefined;

  private constructor(path: string, given: string | undefined) {
    this.#path = path;
    this.given = given;
  }

  /** A folder that is named and not there is made, as a checkout of the commit. Rejects with FAILED when that cannot be. */
  static async open(cwd: string, named: string | undefined, commit: string | undefined): Promise<CodeFolder> {
    if (named === undefined) return new CodeFolder(cwd, undefined);
    const path = resolve(cwd, named);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === false)
      throw new StemmaError("USAGE", `${named} is no folder.`, { hint: "Name one with the code, or one that is not there yet." });
    const prefix = existsSync(path) ? "" : await checkOut(cwd, path, commit);
    const inside = resolve(path, prefix);
    return new CodeFolder(inside, inside);
  }

  async read(script: string | undefined): Promise<CodeState> {
    const [git, scriptSha256] = await Promise.all([
      readGit(this.#path),
      script === undefined ? undefined : findSha256(resolve(this.#path, script)),
    ]);
    return { git, scriptSha256 };
  }
}

/** Answers where in the checkout the folder is that corresponds to this one. */
async function checkOut(cwd: string, path: string, commit: string | undefined): Promise<string> {
  if (commit === undefined)
    throw new StemmaError("FAILED", "the run names no git commit that could be checked out.", { hint: `Make ${path} yourself.` });
  const git = execa({ cwd, reject: false, stdin: "ignore" });
  const prefix = await git`git rev-parse --show-prefix`;
  const added = await git`git worktree add --detach ${path} ${commit}`;
  if (prefix.failed || added.failed)
    throw new StemmaError(
      "FAILED",
      `git commit ${commit} of the run cannot be checked out: ${(added.stderr || prefix.stderr).trim()}`,
      {
        hint: "Run this in a clone of the run's repository, after: git fetch",
      },
    );
  return prefix.stdout.trim();
}
