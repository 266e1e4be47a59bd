import type { JobIdentity, Urn } from "../lineage/urn.ts";
import { formatUrn } from "../lineage/urn.ts";
import type { JobInfo, JobName, RepoName } from "../pachyderm/types.ts";
import { type Finding, type FindingKind, finding } from "./finding.ts";
import type { Lookups } from "./lookups.ts";

/** Where something was made, as a run's tags or its card tell it. */
export interface Origin {
  readonly kind: Extract<FindingKind, "tag-edited" | "card-lies">;
  readonly at: Urn;
  readonly version?: number | undefined;
  readonly image?: string | undefined;
  readonly datum?: string | undefined;
  readonly inputs: readonly { readonly project: string; readonly repo: string; readonly commit: string }[];
}

/** What an origin says otherwise than Pachyderm of its job: version, image, datum, inputs. */
export async function compareOrigin(look: Lookups, origin: Origin, job: JobInfo): Promise<readonly Finding[]> {
  const { version, image } = origin;
  const otherwise = (what: string, found: string, expected: string): Finding =>
    finding(origin.kind, origin.at, { what, expected, found });
  return [
    ...(version === undefined || version === job.pipelineVersion
      ? []
      : [otherwise("pipeline version", String(version), String(job.pipelineVersion))]),
    // A job that is told without details has no image.
    ...(image === undefined || job.image === "" || image === job.image ? [] : [otherwise("image", image, job.image)]),
    ...(await compareDatum(look, origin, job.job)),
    ...(await compareInputs(look, origin, job)),
  ];
}

async function compareDatum(look: Lookups, { at, datum }: Origin, job: JobName): Promise<readonly Finding[]> {
  if (datum === undefined || datum === "" || (await look.datum(job, datum)) !== undefined) return [];
  return [
    finding("datum-gone", at, { what: "datum", expected: datum, found: `no such datum in ${job.pipeline.name}@${job.id}` }),
  ];
}

async function compareInputs(look: Lookups, { kind, at, inputs }: Origin, job: JobInfo): Promise<readonly Finding[]> {
  const real = (await inputsOfJob(look, job)).map(({ urn }) => urn);
  if (real.length === 0) return [];
  const expected = real.map(short).join(", ");
  const wrong = inputs.map(inputUrn).filter((urn) => !real.includes(urn));
  return wrong.map((urn) => finding(kind, at, { what: "inputs", expected, found: short(urn) }));
}

/** The commits that a job read and that are gone. */
export async function goneInputs(look: Lookups, job: JobInfo): Promise<readonly Finding[]> {
  const gone = (await inputsOfJob(look, job)).filter(({ isThere }) => !isThere);
  return gone.map(({ urn }) => goneCommit(urn, formatUrn(jobIdentity(job.job))));
}

/** The commits that a job read. A repo may have none of the job's set: then it is the one that the set stands upon. */
async function inputsOfJob(
  look: Lookups,
  { inputs }: JobInfo,
): Promise<readonly { readonly urn: Urn; readonly isThere: boolean }[]> {
  const found = inputs.map(async ({ repo, commit }) => {
    const info = await look.commitOfSet(repo, commit);
    return { urn: commitUrn(repo, info?.commit.id ?? commit), isThere: info !== undefined };
  });
  return Promise.all(found);
}

export function goneCommit(at: Urn, namedBy: Urn): Finding {
  return finding("commit-gone", at, { expected: `the commit that ${namedBy} names`, found: "nothing" });
}

export function commitUrn({ project, name, type }: RepoName, id: string): Urn {
  return formatUrn({ kind: "commit", project, repo: name, type, id });
}

export function jobIdentity({ pipeline, id }: JobName): JobIdentity {
  return { kind: "job", project: pipeline.project, pipeline: pipeline.name, id };
}

function short(urn: Urn): string {
  return urn.replace("urn:stemma:commit:", "");
}

function inputUrn({ project, repo, commit }: Origin["inputs"][number]): Urn {
  return formatUrn({ kind: "commit", project, repo, type: "user", id: commit });
}
