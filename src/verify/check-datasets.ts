import { formatUrn } from "../lineage/urn.ts";
import type { Run } from "../mlflow/types.ts";
import type { CommitName } from "../pachyderm/types.ts";
import { numberAt, objectsAt, parseObject, textAt } from "../tracker/json.ts";
import { type Finding, finding } from "./finding.ts";
import type { Lookups } from "./lookups.ts";

const URI = /^pachyderm:\/\/(?<project>[\w-]+)\/(?<repo>[\w-]+)@(?<id>[0-9a-f]{32}):(?<path>\/.*)$/;

/** A path of a commit, and the digest that a run's data set has of it. */
interface Claim {
  readonly commit: CommitName;
  readonly path: string;
  readonly hash: string | undefined;
  readonly sizeBytes: number | undefined;
}

/** Which data sets of a run are not what Pachyderm has there. A commit that is gone is told by another check. */
export async function checkDatasets(look: Lookups, run: Run): Promise<readonly Finding[]> {
  const claims = run.datasets.flatMap(({ sourceType, source }) => (sourceType === "pachyderm" ? claimsOf(source) : []));
  const findings: Finding[] = [];
  for (const claim of claims) {
    if ((await look.commit(claim.commit)) === undefined) continue;
    findings.push(...(await checkClaim(look, run, claim)));
  }
  return findings;
}

/** The whole of a data set, then the files that it lists. */
function claimsOf(source: string): readonly Claim[] {
  const object = parseObject(source) ?? {};
  const groups = URI.exec(textAt(object, "uri") ?? "")?.groups;
  const { project, repo, id, path } = groups ?? {};
  if (project === undefined || repo === undefined || id === undefined || path === undefined) return [];
  const commit: CommitName = { repo: { project, name: repo, type: "user" }, id };
  const files = objectsAt(object, "files").map((file) => ({
    commit,
    path: textAt(file, "path") ?? path,
    hash: textAt(file, "hash"),
    sizeBytes: numberAt(file, "sizeBytes"),
  }));
  return [{ commit, path, hash: textAt(object, "hash"), sizeBytes: undefined }, ...files];
}

async function checkClaim(look: Lookups, run: Run, { commit, path, hash, sizeBytes }: Claim): Promise<readonly Finding[]> {
  const file = await look.file(commit, path);
  if (
    file !== undefined &&
    (hash === undefined || hash === file.hash) &&
    (sizeBytes === undefined || sizeBytes === file.sizeBytes)
  )
    return [];
  return [
    finding("dataset-changed", formatUrn({ kind: "run", id: run.id }), {
      what: `${commit.repo.name}@${commit.id}:${path}`,
      expected: file === undefined ? "no such path in the commit" : `hash ${file.hash}`,
      found: `hash ${hash ?? "none"}`,
    }),
  ];
}
