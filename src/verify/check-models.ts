import type { ModelVersionNode } from "../lineage/graph.ts";
import type { Label, LineageIndex } from "../lineage/store/lineage-index.ts";
import { formatUrn } from "../lineage/urn.ts";
import type { ModelVersion } from "../mlflow/types.ts";
import { type Finding, finding } from "./finding.ts";
import type { Lookups } from "./lookups.ts";

const ALIAS = "alias:";
const LOGGED_MODEL = /^models:\/(?<id>m-[\w-]+)$/;
const NOTHING = "nothing";

/** Whether what a registered version came from is still there. That the version itself was deleted is no fault. */
export async function checkVersion(look: Lookups, node: ModelVersionNode): Promise<readonly Finding[]> {
  const version = (await look.versions(node.name)).find((each) => each.version === String(node.version));
  if (version === undefined) return [];
  const at = formatUrn(node);
  const run = version.runId === undefined || version.runId === "" ? undefined : await look.run(version.runId);
  if (run === undefined && version.runId)
    return [finding("version-run-gone", at, { expected: `run ${version.runId}`, found: NOTHING })];
  if (run?.deleted === true) return [finding("version-run-gone", at, { expected: `run ${run.id}`, found: "a deleted run" })];
  const model = modelOf(version);
  if (run === undefined || model === undefined) return [];
  const isThere = (await look.models(run)).some(({ id }) => id === model);
  return isThere ? [] : [finding("version-model-gone", at, { expected: `logged model ${model}`, found: NOTHING })];
}

/** Aliases that do not point where they did when they were first seen, or since `accepted`. */
export async function checkAliases(
  look: Lookups,
  index: LineageIndex,
  name: string,
  accepted: Date,
): Promise<readonly Finding[]> {
  const labels = index.labels({ scope: `${ALIAS}${name}` });
  const now = (await look.registered()).get(name)?.aliases ?? {};
  const findings: Finding[] = [];
  for (const [alias, history] of Map.groupBy(labels, (label) => label.name)) {
    const before = history.find(({ until }) => until === undefined || until > accepted);
    if (before !== undefined) findings.push(...checkAlias(name, alias, before, now[alias]));
  }
  return findings;
}

function checkAlias(name: string, alias: string, { target, since }: Label, now: string | undefined): readonly Finding[] {
  const at = now === undefined ? undefined : formatUrn({ kind: "model-version", name, version: Number(now) });
  if (at === target) return [];
  return [
    finding(at === undefined ? "alias-gone" : "alias-moved", target, {
      what: `@${alias}`,
      expected: `at version ${target.split("/").at(-1) ?? ""} (since ${since.toISOString()})`,
      found: now === undefined ? NOTHING : `at version ${now}`,
    }),
  ];
}

function modelOf({ source }: ModelVersion): string | undefined {
  return LOGGED_MODEL.exec(source)?.groups?.["id"];
}
