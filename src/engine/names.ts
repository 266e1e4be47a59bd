import { notFound, refused } from "./fault.ts";

/** A repo as the wire names it, with the server's defaults filled in. */
export interface RepoKey {
  readonly project: string;
  readonly name: string;
  readonly type: string;
}

export const DEFAULT_PROJECT = "default";
const LONGEST_NAME = 51;
const COMMIT_ID = /^[0-9a-f]{12}4[0-9a-f]{19}$/;

/** Whether a text is a commit id: a UUID of version 4 without its dashes. */
export function isCommitId(text: string): boolean {
  return COMMIT_ID.test(text);
}

/** `project/repo`, and `project/repo.meta` for the other types. */
export function repoText(repo: RepoKey): string {
  return `${repo.project}/${repo.name}${repo.type === "user" ? "" : `.${repo.type}`}`;
}

export function branchText(repo: RepoKey, branch: string): string {
  return `${repoText(repo)}@${branch}`;
}

export function checkRepoName(name: string): void {
  checkAlphabet(name);
}

export function checkBranchName(name: string): void {
  checkAlphabet(name);
  if (isCommitId(name)) throw refused("branch name cannot be a UUID V4");
}

export function checkProjectName(name: string): void {
  checkAlphabet(name);
  checkStartAndLength("project", name);
}

export function checkPipelineName(name: string): void {
  checkAlphabet(name);
  checkStartAndLength("pipeline", name);
}

function checkAlphabet(name: string): void {
  if (!/^[a-zA-Z0-9_-]+$/.test(name)) {
    throw refused(`name (${name}) invalid: only alphanumeric characters, underscores, and dashes are allowed`);
  }
}

function checkStartAndLength(kind: string, name: string): void {
  if (!/^[a-zA-Z0-9]/.test(name)) throw refused(`${kind} names must start with an alphanumeric character`);
  const over = name.length - LONGEST_NAME;
  if (over > 0) throw refused(`${kind} name "${name}" is ${over} characters longer than the ${LONGEST_NAME} max`);
}

/**
 * The stored form of a file's path: absolute, single slashes, none at the end. Throws what PFS says of the paths that it
 * refuses: other than printable ASCII, a glob character, a `.` or `..` element.
 */
export function cleanPath(path: string): string {
  if (path === "") throw refused("path () invalid: it is empty");
  if (!/^[ -~]+$/.test(path)) throw refused(`path (${path}) invalid: only printable ASCII characters allowed`);
  const glob = /[*?[\]{}!()@+^]/.exec(path);
  if (glob !== null) throw refused(`path (${path}) invalid: globbing character (${glob[0]}) not allowed in path`);
  const elements = path.split("/").filter((element) => element !== "");
  if (elements.some((element) => element === "." || element === "..")) throw refused("relative file paths are not allowed");
  return `/${elements.join("/")}`;
}

export const repoNotFound = (repo: RepoKey): Error => notFound(`repo ${repoText(repo)} not found`);
