import type { DataReference } from "./data-reference.ts";
import { formatDataReference, parseDataReference } from "./data-reference.ts";
import { StemmaError } from "./errors.ts";
import { readMlflowLink } from "./mlflow-link.ts";
import type { Identity } from "./urn.ts";
import { formatUrn, looksLikeUrn, parseUrn } from "./urn.ts";

export type { DataReference } from "./data-reference.ts";
export { formatDataReference, parseDataReference } from "./data-reference.ts";

/** What a user typed, before anything is looked up. */
export type Reference =
  /** A commit or a file; a job too, as `pipeline@job` has the same shape. */
  | ({ readonly kind: "data" } & DataReference)
  /** 32 hexadecimal digits: a commit's id, a job's or a run's. */
  | { readonly kind: "id"; readonly id: string }
  | { readonly kind: "model-alias"; readonly name: string; readonly alias: string }
  /** Something said so exactly that nothing has to be resolved. */
  | { readonly kind: "node"; readonly identity: Identity };

const HINT =
  "Accepted: repo@branch, repo@id, repo@branch^2, project/repo@branch:/path, pipeline@job, pipeline#version, an MLflow run id, models:/name/3, models:/name@alias, a URN, or a link to a page of MLflow.";
const HEX_ID = /^[0-9a-fA-F]{32}$/;
const PIPELINE_VERSION = /^(?:(?<project>[\w-]+)\/)?(?<pipeline>[\w-]+)#(?<version>\d{1,15})$/;
const MODEL_VERSION = /^models:\/(?<name>[^/]+)\/(?<version>\d{1,15})$/;
const LOGGED_MODEL = /^models:\/(?<id>m-[\w-]+)$/;
const MODEL_ALIAS = /^models:\/(?<name>[^/]+)@(?<alias>[\w-]+)$/;

/** Parses any reference that a command takes. Throws USAGE, naming what is wrong. */
export function parseReference(text: string): Reference {
  if (looksLikeUrn(text)) return node(parseUrn(text));
  if (HEX_ID.test(text)) return { kind: "id", id: text.toLowerCase() };
  if (/^https?:\/\//.test(text)) return parseLink(text);
  if (text.startsWith("models:")) return parseModel(text);
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
    case "model-alias":
      return `models:/${reference.name}@${reference.alias}`;
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

function parseLink(text: string): Reference {
  const identity = readMlflowLink(text);
  if (identity === undefined)
    throw new StemmaError("USAGE", `"${text}" is no link to a run or a model of MLflow.`, { hint: HINT });
  return node(identity);
}

function parseModel(text: string): Reference {
  const version = MODEL_VERSION.exec(text)?.groups;
  if (version !== undefined)
    return node({ kind: "model-version", name: version["name"] ?? "", version: Number(version["version"]) });
  const logged = LOGGED_MODEL.exec(text)?.groups;
  if (logged !== undefined) return node({ kind: "logged-model", id: logged["id"] ?? "" });
  const alias = MODEL_ALIAS.exec(text)?.groups;
  if (alias !== undefined) return { kind: "model-alias", name: alias["name"] ?? "", alias: alias["alias"] ?? "" };
  throw new StemmaError("USAGE", `"${text}" is no model: a version or an @alias is missing.`, { hint: HINT });
}

function node(identity: Identity): Reference {
  return { kind: "node", identity };
}
