import { execa } from "execa";
import { type GitStatus, parseGitStatus } from "./git-status.ts";
import type { Redactor } from "../secrets/redact.ts";
import { looksLikeSecretFile } from "./secret-files.ts";

/** The state of the code in a folder. */
export interface GitState {
  readonly commit: string;
  /** Absent when no branch is checked out. */
  readonly branch?: string | undefined;
  /** Where the code comes from: origin's URL, or the only remote's, without credentials. */
  readonly remote?: string | undefined;
  /** Whether something differs from the commit, or is not in it. */
  readonly dirty: boolean;
}

/** What the code in a folder has beyond its commit. */
export interface GitDiff {
  /** Fit for `git apply` but for what is left out; files that git does not know are named after it. Without secrets. */
  readonly text: string;
  /** Changed and new files that are not in the text since they are probably secret, from the top of the checkout. */
  readonly omitted: readonly string[];
}

const LIMIT_MS = 10_000;
const MOST_BYTES = 2 ** 20;
/** In characters; a status of more is not read to its end. */
const MOST_BUFFERED = 4 * MOST_BYTES;
/** Git's empty tree: what everything differs from before the first commit. */
const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
/** Nothing of the user's own may run, ask or wait: no monitor, no other diff, no pager, no question, no fetch. */
const CALM = ["-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "--no-pager"];
const CALM_ENV = { GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", GIT_NO_LAZY_FETCH: "1", GIT_ASKPASS: "", LC_ALL: "C" };
const NOT_ONES_OWN = ["--no-ext-diff", "--no-textconv", "--no-color", "--no-relative", "--src-prefix=a/", "--dst-prefix=b/"];
const PLAIN_DIFF = [...NOT_ONES_OWN, "--submodule=short", "--ignore-submodules=dirty"];

/** What git says of a folder; undefined without git, outside of a checkout of one's own, and before the first commit. */
export async function readGit(cwd: string): Promise<GitState | undefined> {
  const [status, remotes] = await Promise.all([
    readStatus(cwd),
    git(cwd, ["config", "-z", "--get-regexp", String.raw`^remote\..*\.url$`]),
  ]);
  if (status?.commit === undefined) return undefined;
  const { commit, branch, changed, untracked } = status;
  return { commit, branch, remote: chooseRemote(remotes ?? ""), dirty: changed.length + untracked.length > 0 };
}

/** The difference between a folder's checkout and its commit; undefined where there is no checkout. */
export async function readDiff(cwd: string, redactor: Redactor): Promise<GitDiff | undefined> {
  const status = await readStatus(cwd);
  if (status === undefined) return undefined;
  const secret = status.changed.filter((paths) => paths.some(looksLikeSecretFile)).flat();
  const excluded = secret.map((path) => `:(top,exclude,literal)${path}`);
  const diff = await git(cwd, ["diff", status.commit ?? EMPTY_TREE, ...PLAIN_DIFF, "--", ":/", ...excluded]);
  if (diff === undefined) return undefined;
  const known = status.untracked.filter((path) => !looksLikeSecretFile(path));
  const untracked = known.map((path) => `untracked: ${path}\n`).join("");
  const omitted = [...secret, ...status.untracked.filter(looksLikeSecretFile)];
  return { text: redactor.text(cut(diff + untracked)), omitted };
}

async function readStatus(cwd: string): Promise<GitStatus | undefined> {
  const text = await git(cwd, "status --porcelain=v2 --branch -z --untracked-files=normal --no-ahead-behind".split(" "));
  return text === undefined ? undefined : parseGitStatus(text);
}

/** Of lines `remote.NAME.url` and an URL, with NUL between entries. */
function chooseRemote(config: string): string | undefined {
  const remotes = config.split("\0").map((entry) => entry.split("\n"));
  const named = remotes.filter(([name, url]) => name !== undefined && url !== undefined);
  const origin = named.find(([name]) => name === "remote.origin.url");
  const url = (origin ?? (named.length === 1 ? named[0] : undefined))?.[1];
  return url === undefined ? undefined : withoutCredentials(url);
}

/** Of an ssh address the user stays, which is part of it. */
function withoutCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)@/i, (_, scheme: string, user: string) =>
    /ssh/i.test(scheme) ? `${scheme}${user.replace(/:.*$/, "")}@` : scheme,
  );
}

/** No line is cut in two: half a secret would not look like one. */
function cut(text: string): string {
  if (Buffer.byteLength(text) <= MOST_BYTES) return text;
  const head = Buffer.from(text).subarray(0, MOST_BYTES).toString();
  return `${head.slice(0, head.lastIndexOf("\n") + 1)}(cut: more than ${MOST_BYTES} bytes differ)\n`;
}

/** The output of a git command, as much of it as is ever used; undefined when it fails. */
async function git(cwd: string, words: readonly string[]): Promise<string | undefined> {
  const result = await execa("git", [...CALM, ...words], {
    cwd,
    reject: false,
    timeout: LIMIT_MS,
    stdin: "ignore",
    stripFinalNewline: false,
    maxBuffer: { stdout: MOST_BUFFERED },
    env: CALM_ENV,
  });
  return result.failed && !result.isMaxBuffer ? undefined : result.stdout;
}
