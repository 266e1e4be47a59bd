import { StemmaError } from "./errors.ts";
import type { RepoType } from "./urn.ts";

/** A commit, or a file in it, as a user names it: `[project/]repo[.type]@branch-or-id[ancestry][:/path]`. */
export interface DataReference {
  readonly project: string;
  readonly repo: string;
  readonly type: RepoType;
  /** A branch or a commit id, with ancestry as Pachyderm takes it: `master`, `master^2`, `master~`, `master.3`. */
  readonly at: string;
  /** Absolute. */
  readonly path: string | undefined;
}

const HINT = "Write repo@branch, repo@id, repo@branch^2 or project/repo@branch:/path.";
const NAME = /^[\w-]+$/;
const AT = /^[\w-]+(?:\.[1-9]\d*)?(?:(?:\^\d*)+|(?:~\d*)+)?$/;

/** Parses a reference to data. The project is "default" and the type "user" where none is said. Throws USAGE. */
export function parseDataReference(text: string): DataReference {
  const split = text.indexOf("@");
  if (split === -1) throw wrong(`"${text}" names no commit: the @ and a branch or id are missing.`);
  const [at, path] = splitPath(text.slice(split + 1), text);
  if (at === "") throw wrong(`"${text}" has no branch or id after the @.`);
  if (!AT.test(at)) throw wrong(`"${at}" in "${text}" is no branch or id with ancestry.`);
  return { ...parseRepo(text.slice(0, split), text), at, path };
}

/** The inverse of `parseDataReference`, as short as it can be said. */
export function formatDataReference({ project, repo, type, at, path }: DataReference): string {
  return `${project === "default" ? "" : `${project}/`}${repo}${type === "user" ? "" : `.${type}`}@${at}${path === undefined ? "" : `:${path}`}`;
}

/** The branch or id of a reference's `at`, without ancestry. */
export function withoutAncestry(at: string): string {
  return at.replace(/[.^~].*$/, "");
}

function splitPath(text: string, whole: string): [at: string, path: string | undefined] {
  const colon = text.indexOf(":");
  if (colon === -1) return [text, undefined];
  const path = text.slice(colon + 1);
  if (path === "") throw wrong(`"${whole}" has no path after the colon.`);
  return [text.slice(0, colon), path.startsWith("/") ? path : `/${path}`];
}

function parseRepo(text: string, whole: string): Pick<DataReference, "project" | "repo" | "type"> {
  const slash = text.indexOf("/");
  const project = slash === -1 ? "default" : text.slice(0, slash);
  const name = text.slice(slash + 1);
  const dot = name.indexOf(".");
  const repo = dot === -1 ? name : name.slice(0, dot);
  const type = dot === -1 ? "user" : name.slice(dot + 1);
  if (repo === "") throw wrong(`"${whole}" has no repo before the @.`);
  for (const part of [project, repo]) {
    if (!NAME.test(part)) throw wrong(`"${part}" in "${whole}" is no name: only letters, digits, - and _ can be in one.`);
  }
  if (type !== "user" && type !== "meta" && type !== "spec")
    throw wrong(`"${type}" in "${whole}" is no type of repo: there are user, meta and spec.`);
  return { project, repo, type };
}

function wrong(message: string): StemmaError {
  return new StemmaError("USAGE", message, { hint: HINT });
}
