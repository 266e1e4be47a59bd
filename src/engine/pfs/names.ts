import { invalid, notFound, refused, within } from "../fault.ts";

/** A repo as the wire names it, with the server's defaults filled in. */
export interface RepoKey {
  readonly project: string;
  readonly name: string;
  readonly type: string;
}

export const DEFAULT_PROJECT = "default";
const LONGEST_NAME = 51;
/** Of a DNS label, which Kubernetes wants of a name. */
const LONGEST_LABEL = 63;
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

/** `project/repo.user`: with the type in any case, as some of pachd's texts have it. */
export function typedRepoText(repo: RepoKey): string {
  return `${repo.project}/${repo.name}.${repo.type}`;
}

export function checkRepoName(name: string): void {
  checkAlphabet(name);
}

export function checkBranchName(name: string): void {
  checkAlphabet(name);
}

/** A branch that is called like a commit could not be told from it. */
export function checkNotCommitId(branch: string): void {
  if (isCommitId(branch)) throw refused("branch name cannot be a UUID V4");
}

export function checkProjectName(name: string): void {
  checkLength("project", name);
  checkAlphabet(name);
  checkStart("project", name);
}

/** A pipeline's name is also a part of the names that Kubernetes has for its versions: `<project>-<pipeline>-v99`. */
export function checkPipelineName(project: string, name: string): void {
  within("invalid pipeline name", () => checkAlphabet(name));
  checkStart("pipeline", name);
  checkLength("pipeline", name);
  const inKubernetes = `${project}-${name}-v99`.replaceAll("_", "-").toLowerCase();
  const over = inKubernetes.length - LONGEST_LABEL;
  if (over > 0) throw refused(`Kubernetes name "${inKubernetes}" is ${over} characters longer than the ${LONGEST_LABEL} max`);
}

function checkAlphabet(name: string): void {
  if (!/^[a-zA-Z0-9_-]+$/.test(name)) {
    throw refused(`name (${name}) invalid: only alphanumeric characters, underscores, and dashes are allowed`);
  }
}

function checkStart(kind: string, name: string): void {
  if (!/^[a-zA-Z0-9]/.test(name)) throw refused(`${kind} names must start with an alphanumeric character`);
}

function checkLength(kind: string, name: string): void {
  const over = name.length - LONGEST_NAME;
  if (over > 0) throw refused(`${kind} name "${name}" is ${over} characters longer than the ${LONGEST_NAME} max`);
}

/**
 * The stored form of a file's path: absolute, single slashes, none at the end. Throws what PFS says of the paths that it
 * refuses: other than printable ASCII, a glob character, a `.` or `..` element; and, unlike PFS, the root directory.
 */
export function cleanPath(path: string): string {
  if (!/^[ -~]+$/.test(path)) throw refused(`path (${path}) invalid: only printable ASCII characters allowed`);
  const glob = /[*?[\]{}!()@+^]/.exec(path);
  if (glob !== null) throw refused(`path (${path}) invalid: globbing character (${glob[0]}) not allowed in path`);
  const elements = path.split("/").filter((element) => element !== "");
  if (elements.some((element) => element === "." || element === ".."))
    throw refused(`path (${path}) invalid: relative file paths are not allowed`);
  if (elements.length === 0) throw invalid(`path (${path}) invalid: it is the root directory`);
  return `/${elements.join("/")}`;
}

export const repoNotFound = (repo: RepoKey): Error => notFound(`repo ${repoText(repo)} not found`);
