import { readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { packageRoot } from "../../src/local/job-environment.ts";

export type Json = Readonly<Record<string, unknown>>;

/** A Kubernetes object, as far as every one is alike. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly [name: string]: unknown;
}

export interface Kustomization {
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly configMapGenerator?: ReadonlyArray<{
    readonly name: string;
    readonly literals?: readonly string[];
    readonly files?: readonly string[];
  }>;
}

export const K8S = join(packageRoot, "k8s");
export const OVERLAYS: readonly string[] = readdirSync(join(K8S, "overlays"));

/** All YAML files below k8s/, by their paths from there. */
export function yamlFiles(): readonly string[] {
  return filesBelow(K8S).filter((file) => /\.ya?ml$/.test(file));
}

export function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

export function readKustomization(file: string): Kustomization {
  return parse(readFileSync(join(K8S, file), "utf8")) as Kustomization;
}

export function readManifests(file: string): Manifest[] {
  return parseManifests(readFileSync(join(K8S, file), "utf8"));
}

export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    return document.toJS() as Manifest;
  });
}

/** The files that kustomizations name as their resources. */
export function resourceFiles(): readonly string[] {
  const kustomizations = yamlFiles().filter((file) => basename(file) === "kustomization.yaml");
  return kustomizations.flatMap((file) =>
    (readKustomization(file).resources ?? [])
      .filter((resource) => resource.endsWith(".yaml"))
      .map((resource) => join(dirname(file), resource)),
  );
}

/** All members of this name in a value, at whatever depth. */
export function membersNamed(value: unknown, name: string): unknown[] {
  const found: unknown[] = [];
  JSON.stringify(value, (key, member: unknown) => {
    if (key === name) found.push(member);
    return member;
  });
  return found;
}
