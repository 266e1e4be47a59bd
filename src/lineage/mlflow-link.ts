import { decodeEscapes } from "./escapes.ts";
import type { Identity } from "./urn.ts";

const HEX = "[0-9a-f]{32}";
const RUN = new RegExp(`^/(?:experiments/[^/]+/)?runs/(?<id>${HEX})(?:/|$)`);
const LOGGED_MODEL = /^\/experiments\/[^/]+\/models\/(?<id>m-[\w-]+)(?:\/|$)/;
const MODEL_VERSION = /^\/models\/(?<name>[^/]+)\/versions\/(?<version>\d{1,15})(?:\/|$)/;
const MODEL = /^\/models\/(?<name>[^/]+)(?:\/|$)/;
const EXPERIMENT = /^\/experiments\/(?<id>\d+)(?:\/|$)/;

/** What a page of MLflow shows that lists several things, of which a reader has to choose one. An experiment's name is its id. */
export type ManyThings =
  | { readonly kind: "experiment"; readonly name: string }
  | { readonly kind: "model"; readonly name: string };

/** What a link to a page of MLflow shows, or undefined when that is none of ours. Any tab of a page will do. */
export function readMlflowLink(link: string): Identity | ManyThings | undefined {
  const hash = link.indexOf("#");
  const route = (hash === -1 ? "" : link.slice(hash + 1)).replace(/\?.*$/, "");
  const run = RUN.exec(route)?.groups;
  if (run?.["id"] !== undefined) return { kind: "run", id: run["id"] };
  const logged = LOGGED_MODEL.exec(route)?.groups;
  if (logged?.["id"] !== undefined) return { kind: "logged-model", id: logged["id"] };
  const version = MODEL_VERSION.exec(route)?.groups;
  if (version?.["name"] !== undefined)
    return { kind: "model-version", name: decodeEscapes(version["name"], link), version: Number(version["version"]) };
  const model = MODEL.exec(route)?.groups;
  if (model?.["name"] !== undefined) return { kind: "model", name: decodeEscapes(model["name"], link) };
  const experiment = EXPERIMENT.exec(route)?.groups;
  return experiment?.["id"] === undefined ? undefined : { kind: "experiment", name: experiment["id"] };
}
