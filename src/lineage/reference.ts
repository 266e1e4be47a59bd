import type { DataReference } from "./data-reference.ts";
import { formatDataReference, parseDataReference } from "./data-reference.ts";
import { StemmaError } from "./errors.ts";
import type { ManyThings } from "./mlflow-link.ts";
import { readMlflowLink } from "./mlflow-link.ts";
import type { Identity } from "./urn.ts";
import { formatUrn, looksLikeUrn, parseUrn } from "./urn.ts";

export type { DataReference } from "./data-reference.ts";
export { formatDataReference, parseDataReference } from "./data-reference.ts";

/** What a user typed, before anything is looked up. */
export type Reference =
  /** A commit or a file; a job too, as `pipeline@job` has the same shape. */
  | ({ readonly kind: "data" } & DataReference)
  /** Hexadecimal digits: how the id of a commit, a job, a run or a git commit begins, or all of it. */
  | { readonly kind: "id"; readonly id: string }
  /** How the id of a run begins. */
  | { readonly kind: "run-id"; readonly id: string }
  | { readonly kind: "model-alias"; readonly name: string; readonly alias: string }
  /** One of MLflow's old stages, or "latest" for the newest version. */
  | { readonly kind: "model-stage"; readonly name: string; readonly stage: string }
  /** A page that shows several things. */
  | { readonly kind: "many"; readonly of: ManyThings; readonly link: string }
  /** Something said so exactly that nothing has to be resolved. */
  | { readonly kind: "node"; readonly identity: Identity };

const HINT =
  "Accepted: repo@branch, repo@id, repo@branch^2, project/repo@branch:/path, pipeline@job, pipeline#version, an MLflow run id, models:/name/3, models:/name@alias, a git commit, four or more first digits of an id, a URN, or a link to a page of MLflow.";
const HEX_ID = /^[0-9a-f]{4,64}$/i;
const PIPELINE_VERSION = /^(?:(?<project>[\w-]+)\/)?(?<pipeline>[\w-]+)#(?<version>\d{1,15})$/;
const MODEL_VERSION = /^models:\/(?<name>[^/]+)\/(?<version>\d{1,15})$/;
const LOGGED_MODEL = /^models:\/(?<id>m-[\w-]+)$/;
const MODEL_ALIAS = /^models:\/(?<name>[^/]+)@(?<alias>[\w-]+)$/;
const MODEL_STAGE = /^models:\/(?<name>[^/]+)\/(?<stage>[A-Za-z]+)$/;
const MODEL = /^models:\/(?<name>[^/@]+)$/;
const RUN = /^runs:\/(?<id>[0-9a-f]{4,32})(?:\/.*)?$/i;
const ID_DIGITS = 32;
const OF_PACHYDERM: ReadonlySet<Identity["kind"]> = new Set(["commit", "file", "job", "datum", "pipeline"]);

/** Parses any reference that a command takes. Throws USAGE, naming what is wrong. */
export function parseReference(text: string): Reference {
  if (looksLikeUrn(text)) return node(parseUrn(text));
  if (HEX_ID.test(text)) return { kind: "id", id: text.toLowerCase() };
  if (/^https?:\/\//.test(text)) return parseLink(text);
  if (text.startsWith("models:")) return parseModel(text);
  if (text.startsWith("runs:")) return parseRun(text);
  const version = PIPELINE_VERSION.exec(text)?.groups;
  if (version !== undefined)
    return node({
      kind: "pipeline",
      project: version["project"] ?? "default",
      pipeline: version["pipeline"] ?? "",
      version: Number(version["version"]),
    });
  if (!text.includes("@")) throw new StemmaError("USAGE", `"${text}" is no reference.`, { hint: HINT });
  return { kind: "data", ...parseDataReference(text) };
}

/** The inverse of `parseReference`. */
export function formatReference(reference: Reference): string {
  switch (reference.kind) {
    case "data":
      return formatDataReference(reference);
    case "id":
      return reference.id;
    case "run-id":
      return `runs:/${reference.id}`;
    case "model-alias":
      return `models:/${reference.name}@${reference.alias}`;
    case "model-stage":
      return `models:/${reference.name}/${reference.stage}`;
    case "many":
      return reference.link;
    case "node":
      break;
  }
  return formatUrn(reference.identity);
}

/** The shortest text that a reader can paste back as a reference. Ids are whole. */
export function referenceTo(identity: Identity): string {
  switch (identity.kind) {
    case "commit":
      return formatDataReference({ ...identity, at: identity.id, path: undefined });
    case "file":
      return formatDataReference({ ...identity, at: identity.commit });
    case "job":
      return formatDataReference({
        project: identity.project,
        repo: identity.pipeline,
        type: "user",
        at: identity.id,
        path: undefined,
      });
    case "pipeline":
      return `${identity.project === "default" ? "" : `${identity.project}/`}${identity.pipeline}#${identity.version}`;
    case "run":
      return identity.id;
    case "code":
      return identity.commit;
    case "model-version":
      return `models:/${identity.name}/${identity.version}`;
    case "logged-model":
      return `models:/${identity.id}`;
    case "datum":
    case "dataset":
    case "artifact":
    case "deployment":
    case "batch":
      break;
  }
  return formatUrn(identity);
}

/** Which of the two would know the thing that a reference means. */
export function sourcesOf(text: string): ReadonlyArray<"pachyderm" | "mlflow"> {
  const reference = parseReference(text);
  switch (reference.kind) {
    case "data":
      return ["pachyderm"];
    case "id":
      return ["pachyderm", "mlflow"];
    case "node":
      return OF_PACHYDERM.has(reference.identity.kind) ? ["pachyderm"] : ["mlflow"];
    case "run-id":
    case "model-alias":
    case "model-stage":
    case "many":
      break;
  }
  return ["mlflow"];
}

function parseLink(text: string): Reference {
  const shown = readMlflowLink(text);
  if (shown === undefined) throw new StemmaError("USAGE", `"${text}" is no link to a run or a model of MLflow.`, { hint: HINT });
  return shown.kind === "experiment" || shown.kind === "model" ? { kind: "many", of: shown, link: text } : node(shown);
}

function parseModel(text: string): Reference {
  const version = MODEL_VERSION.exec(text)?.groups;
  if (version !== undefined)
    return node({ kind: "model-version", name: version["name"] ?? "", version: Number(version["version"]) });
  const logged = LOGGED_MODEL.exec(text)?.groups;
  if (logged !== undefined) return node({ kind: "logged-model", id: logged["id"] ?? "" });
  const alias = MODEL_ALIAS.exec(text)?.groups;
  if (alias !== undefined) return { kind: "model-alias", name: alias["name"] ?? "", alias: alias["alias"] ?? "" };
  const stage = MODEL_STAGE.exec(text)?.groups;
  if (stage !== undefined) return { kind: "model-stage", name: stage["name"] ?? "", stage: stage["stage"] ?? "" };
  const model = MODEL.exec(text)?.groups;
  if (model !== undefined) return { kind: "many", of: { kind: "model", name: model["name"] ?? "" }, link: text };
  throw new StemmaError("USAGE", `"${text}" is no model: a version, a stage or an @alias is missing.`, { hint: HINT });
}

/** `runs:/<id>`, or what MLflow calls an artifact of it: `runs:/<id>/model`. */
function parseRun(text: string): Reference {
  const id = RUN.exec(text)?.groups?.["id"]?.toLowerCase();
  if (id === undefined) throw new StemmaError("USAGE", `"${text}" is no run: its id is missing.`, { hint: HINT });
  return id.length === ID_DIGITS ? node({ kind: "run", id }) : { kind: "run-id", id };
}

function node(identity: Identity): Reference {
  return { kind: "node", identity };
}
