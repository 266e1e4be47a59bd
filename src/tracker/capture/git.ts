import { execa } from "execa";

/** The state of the code in a folder. */
export interface GitState {
  readonly commit: string;
  /** Absent when no branch is checked out. */
  readonly branch?: string | undefined;
  /** Whether something differs from the commit, or is not in it. */
  readonly dirty: boolean;
}

const LIMIT_MS = 10_000;

/** What git says of a folder; undefined without git, outside of a checkout, and before the first commit. */
export async function readGit(cwd: string): Promise<GitState | undefined> {
  const heads = await git(cwd, "rev-parse", "HEAD", "--abbrev-ref", "HEAD");
  const status = heads === undefined ? undefined : await git(cwd, "status", "--porcelain");
  if (heads === undefined || status === undefined) return undefined;
  const [commit = "", branch = "HEAD"] = heads.split("\n");
  return { commit, branch: branch === "HEAD" ? undefined : branch, dirty: status !== "" };
}

async function git(cwd: string, ...words: string[]): Promise<string | undefined> {
  const result = await execa("git", words, {
    cwd,
    reject: false,
    timeout: LIMIT_MS,
    stdin: "ignore",
    env: { GIT_OPTIONAL_LOCKS: "0" },
  });
  return result.failed ? undefined : result.stdout;
}
