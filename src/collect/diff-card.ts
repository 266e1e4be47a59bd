import { StemmaError } from "../lineage/errors.ts";
import type { Values } from "../lineage/diff/values.ts";
import type { RunNode } from "../lineage/graph.ts";
import type { CommitIdentity } from "../lineage/urn.ts";
import type { PachydermSource } from "./ports.ts";
import { queryOf } from "./diff-files.ts";
import { MAX_CARD_BYTES } from "./run-card.ts";

/** Any JSON object, as far as it can be trusted: every part of it may be something else. */
type Json = Readonly<Record<string, unknown>>;

/** What a run says of its code and its surroundings. */
export interface RunWords {
  readonly code: Values;
  readonly environment: Values;
  /** Which artifact lists its packages, and the digest of that. */
  readonly packages: { readonly path: string; readonly sha256: string | undefined } | undefined;
}

/** What a run says in the card that lies in its output; undefined when there is none, or when it is another's. */
export async function readCard(
  source: Pick<PachydermSource, "readFile">,
  output: CommitIdentity,
  run: string,
): Promise<Json | undefined> {
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const piece of source.readFile(queryOf(output), `/${run}`)) {
      pieces.push(piece);
      sizeBytes += piece.length;
      if (sizeBytes > MAX_CARD_BYTES) return undefined;
    }
  } catch (error) {
    if (error instanceof StemmaError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
  const card = parseObject(Buffer.concat(pieces).toString("utf8"));
  return textAt(card, "runId") === run && textAt(card, "schema")?.startsWith("stemma/run-card/") === true ? card : undefined;
}

/** A run's code and surroundings by its card, or, without one, by its tags, which say less. */
export function wordsOf(run: RunNode, card: Json | undefined): RunWords {
  const tags = run.tags ?? {};
  const [code, environment] = [objectAt(card, "code"), objectAt(card, "environment")];
  const [git, script, packages] = [objectAt(code, "git"), objectAt(code, "script"), objectAt(environment, "packages")];
  const digests = artifactDigests(card);
  const list = textAt(packages, "artifact");
  const dirty = git["dirty"] ?? tags["stemma.git_dirty"];
  const command = card?.["command"];
  return {
    code: {
      "git commit": textAt(git, "commit") ?? tags["mlflow.source.git.commit"],
      "git repository": textAt(git, "remote") ?? tags["mlflow.source.git.repoURL"],
      "changes on top": changesOnTop(dirty, digests.get(textAt(git, "diff") ?? "")),
      script: textAt(script, "path"),
      "script's content": textAt(script, "sha256"),
      command: Array.isArray(command) ? command.join(" ") : tags["mlflow.source.name"],
    },
    environment: {
      ...textsOf(objectAt(environment, "versions")),
      image: textAt(objectAt(card, "pachyderm"), "image") ?? tags["pachyderm.image"],
      os: textAt(objectAt(environment, "host"), "os"),
      arch: textAt(objectAt(environment, "host"), "arch"),
      ...lockFiles(environment),
      packages: list === undefined ? undefined : packagesText(packages, digests.get(list)),
    },
    packages: list === undefined ? undefined : { path: list, sha256: digests.get(list) },
  };
}

function changesOnTop(dirty: unknown, sha256: string | undefined): string | undefined {
  if (dirty === false || dirty === "false") return "none";
  if (dirty !== true && dirty !== "true") return undefined;
  return sha256 === undefined ? "some" : `patch sha256:${sha256}`;
}

function packagesText(packages: Json, sha256: string | undefined): string {
  return `${String(packages["count"])} of ${textAt(packages, "source") ?? "?"}${sha256 === undefined ? "" : `, list sha256:${sha256}`}`;
}

function lockFiles(environment: Json): Values {
  const files = listAt(environment, "lockFiles").map((file) => [textAt(file, "path"), textAt(file, "sha256")] as const);
  return Object.fromEntries(
    files.map(([path, sha256]) => [`lock file ${path ?? ""}`, sha256 === undefined ? undefined : `sha256:${sha256}`]),
  );
}

function artifactDigests(card: Json | undefined): ReadonlyMap<string, string> {
  return new Map(listAt(card, "artifacts").map((file) => [textAt(file, "path") ?? "", textAt(file, "sha256") ?? ""]));
}

function textsOf(object: Json): Values {
  return Object.fromEntries(Object.entries(object).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectAt(object: Json | undefined, key: string): Json {
  const value = object?.[key];
  return isObject(value) ? value : {};
}

function textAt(object: Json | undefined, key: string): string | undefined {
  const value = object?.[key];
  return typeof value === "string" ? value : undefined;
}

function listAt(object: Json | undefined, key: string): readonly Json[] {
  const value = object?.[key];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function parseObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
