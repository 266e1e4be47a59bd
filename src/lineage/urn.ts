import { StemmaError } from "./errors.ts";
import { decodeEscapes, encodeName, encodePath } from "./escapes.ts";

/** The stable name of a node, such as `urn:stemma:run:<id>`. Made by `formatUrn` only. */
export type Urn = string & { readonly __brand: "Urn" };

export type RepoType = "user" | "meta" | "spec";

export interface CommitIdentity {
  readonly kind: "commit";
  readonly project: string;
  readonly repo: string;
  readonly type: RepoType;
  readonly id: string;
}

export interface FileIdentity {
  readonly kind: "file";
  readonly project: string;
  readonly repo: string;
  readonly type: RepoType;
  readonly commit: string;
  /** Absolute; a directory's ends in a slash. */
  readonly path: string;
}

export interface PipelineIdentity {
  readonly kind: "pipeline";
  readonly project: string;
  readonly pipeline: string;
  readonly version: number;
}

export interface JobIdentity {
  readonly kind: "job";
  readonly project: string;
  readonly pipeline: string;
  readonly id: string;
}

export interface DatumIdentity {
  readonly kind: "datum";
  readonly project: string;
  readonly pipeline: string;
  readonly job: string;
  readonly id: string;
}

export interface RunIdentity {
  readonly kind: "run";
  readonly id: string;
}

export interface DatasetIdentity {
  readonly kind: "dataset";
  readonly name: string;
  readonly digest: string;
}

export interface ArtifactIdentity {
  readonly kind: "artifact";
  readonly run: string;
  readonly path: string;
}

export interface LoggedModelIdentity {
  readonly kind: "logged-model";
  readonly id: string;
}

export interface ModelVersionIdentity {
  readonly kind: "model-version";
  readonly name: string;
  readonly version: number;
}

export interface DeploymentIdentity {
  readonly kind: "deployment";
  readonly id: string;
}

export interface BatchIdentity {
  readonly kind: "batch";
  readonly id: string;
}

/** A state of the source code: a git commit. */
export interface CodeIdentity {
  readonly kind: "code";
  /** 40 hexadecimal digits, or 64 of a repository that uses SHA-256. */
  readonly commit: string;
}

/** What makes a node the one it is: all that its URN says. */
export type Identity =
  | CommitIdentity
  | FileIdentity
  | PipelineIdentity
  | JobIdentity
  | DatumIdentity
  | RunIdentity
  | DatasetIdentity
  | ArtifactIdentity
  | LoggedModelIdentity
  | ModelVersionIdentity
  | DeploymentIdentity
  | BatchIdentity
  | CodeIdentity;

export type NodeKind = Identity["kind"];

const PREFIX = "urn:stemma:";
const REPO = String.raw`(?<project>[\w-]+)\/(?<repo>[\w-]+)(?:\.(?<type>meta|spec))?@(?<id>[0-9a-f]{32})`;
const PIPELINE = String.raw`(?<project>[\w-]+)\/(?<pipeline>[\w-]+)`;
const ANY_ID = /^(?<id>.+)$/;

/** What follows `urn:stemma:<kind>:`. */
const SHAPES: Readonly<Record<NodeKind, RegExp>> = {
  commit: new RegExp(`^${REPO}$`),
  file: new RegExp(`^${REPO}:(?<path>/.*)$`),
  pipeline: new RegExp(String.raw`^${PIPELINE}#(?<version>\d{1,15})$`),
  job: new RegExp(`^${PIPELINE}@(?<id>[0-9a-f]{32})$`),
  datum: new RegExp(`^${PIPELINE}@(?<job>[0-9a-f]{32}):(?<id>[0-9a-f]+)$`),
  run: /^(?<id>[0-9a-f]{32})$/,
  dataset: /^(?<name>[^@]*)@(?<digest>[^@]*)$/,
  artifact: /^(?<run>[0-9a-f]{32}):(?<path>\/.*)$/,
  "logged-model": ANY_ID,
  "model-version": /^(?<name>[^/]+)\/(?<version>\d{1,15})$/,
  deployment: ANY_ID,
  batch: ANY_ID,
  code: /^(?<id>[0-9a-f]{40}(?:[0-9a-f]{24})?)$/,
};

export function formatUrn(identity: Identity): Urn {
  return `${PREFIX}${identity.kind}:${formatBody(identity)}` as Urn;
}

function formatBody(identity: Identity): string {
  switch (identity.kind) {
    case "commit":
      return `${repoText(identity)}@${identity.id}`;
    case "file":
      return `${repoText(identity)}@${identity.commit}:${encodePath(identity.path)}`;
    case "pipeline":
      return `${identity.project}/${identity.pipeline}#${identity.version}`;
    case "job":
      return `${identity.project}/${identity.pipeline}@${identity.id}`;
    case "datum":
      return `${identity.project}/${identity.pipeline}@${identity.job}:${identity.id}`;
    case "dataset":
      return `${encodeName(identity.name)}@${encodeName(identity.digest)}`;
    case "artifact":
      return `${identity.run}:${encodePath(identity.path)}`;
    case "model-version":
      return `${encodeName(identity.name)}/${identity.version}`;
    case "run":
      return identity.id;
    case "code":
      return identity.commit;
    case "logged-model":
    case "deployment":
    case "batch":
      break;
  }
  return encodeName(identity.id);
}

/** True for text that means to be a URN of ours, well formed or not. */
export function looksLikeUrn(text: string): boolean {
  return text.startsWith("urn:");
}

/** The inverse of `formatUrn`. Throws USAGE. */
export function parseUrn(text: string): Identity {
  const kind = NODE_KINDS.find((name) => text.startsWith(`${PREFIX}${name}:`));
  if (kind === undefined)
    throw new StemmaError("USAGE", `"${text}" is no URN of stemma.`, {
      hint: `One begins with ${PREFIX} and a kind: ${NODE_KINDS.join(", ")}.`,
    });
  const groups = SHAPES[kind].exec(text.slice(PREFIX.length + kind.length + 1))?.groups;
  if (groups === undefined)
    throw new StemmaError("USAGE", `"${text}" is no URN of a ${kind}.`, { hint: `One looks like ${formatUrn(EXAMPLES[kind])}` });
  return readBody(kind, (name) => groups[name] ?? "", text);
}

function readBody(kind: NodeKind, get: (name: string) => string, text: string): Identity {
  const repo = (): { project: string; repo: string; type: RepoType } => ({
    project: get("project"),
    repo: get("repo"),
    type: repoType(get("type")),
  });
  const pipeline = (): { project: string; pipeline: string } => ({ project: get("project"), pipeline: get("pipeline") });
  const decoded = (name: string): string => decodeEscapes(get(name), text);
  switch (kind) {
    case "commit":
      return { kind, ...repo(), id: get("id") };
    case "file":
      return { kind, ...repo(), commit: get("id"), path: decoded("path") };
    case "pipeline":
      return { kind, ...pipeline(), version: Number(get("version")) };
    case "job":
      return { kind, ...pipeline(), id: get("id") };
    case "datum":
      return { kind, ...pipeline(), job: get("job"), id: get("id") };
    case "dataset":
      return { kind, name: decoded("name"), digest: decoded("digest") };
    case "artifact":
      return { kind, run: get("run"), path: decoded("path") };
    case "model-version":
      return { kind, name: decoded("name"), version: Number(get("version")) };
    case "code":
      return { kind, commit: get("id") };
    case "run":
    case "logged-model":
    case "deployment":
    case "batch":
      break;
  }
  return { kind, id: decoded("id") };
}

const SOME_ID = "0123456789ab4def8123456789abcdef";
const EXAMPLES: { readonly [K in NodeKind]: Extract<Identity, { kind: K }> } = {
  commit: { kind: "commit", project: "default", repo: "raw_data", type: "user", id: SOME_ID },
  file: { kind: "file", project: "default", repo: "raw_data", type: "user", commit: SOME_ID, path: "/day-1.csv" },
  pipeline: { kind: "pipeline", project: "default", pipeline: "etl", version: 3 },
  job: { kind: "job", project: "default", pipeline: "etl", id: SOME_ID },
  datum: { kind: "datum", project: "default", pipeline: "etl", job: SOME_ID, id: `${SOME_ID}${SOME_ID}` },
  run: { kind: "run", id: SOME_ID },
  dataset: { kind: "dataset", name: "raw_data", digest: SOME_ID },
  artifact: { kind: "artifact", run: SOME_ID, path: "/model/MLmodel" },
  "logged-model": { kind: "logged-model", id: "m-1" },
  "model-version": { kind: "model-version", name: "fraud", version: 3 },
  deployment: { kind: "deployment", id: "d-1" },
  batch: { kind: "batch", id: "b-1" },
  code: { kind: "code", commit: `${SOME_ID}01234567` },
};
export const NODE_KINDS = Object.keys(EXAMPLES) as NodeKind[];
/** What of a node its URN says. */
export function identityKeys(kind: NodeKind): ReadonlySet<string> {
  return KEYS.get(kind) ?? new Set();
}
const KEYS = new Map(NODE_KINDS.map((kind) => [kind, new Set(Object.keys(EXAMPLES[kind]))]));

/** `project/repo`, with the type where it is no repo of user data. */
function repoText({ project, repo, type }: { readonly project: string; readonly repo: string; readonly type: RepoType }): string {
  return `${project}/${repo}${type === "user" ? "" : `.${type}`}`;
}

function repoType(text: string): RepoType {
  return text === "meta" || text === "spec" ? text : "user";
}
