import { createHash } from "node:crypto";
import type { CommitNode, DatumNode, FileNode, JobNode, PipelineNode } from "../lineage/graph.ts";
import type { CommitIdentity, Identity, JobIdentity, PipelineIdentity } from "../lineage/urn.ts";
import { formatUrn } from "../lineage/urn.ts";
import type { Gap } from "../lineage/answer.ts";
import type { CommitInfo, CommitName, DatumInfo, FileInfo, JobInfo, JobName, PipelineInfo } from "../pachyderm/types.ts";

/** Between what servers say and the nodes of the graph. */

export function commitIdentity({ repo, id }: CommitName): CommitIdentity {
  return { kind: "commit", project: repo.project, repo: repo.name, type: repo.type, id };
}

export function commitName({ project, repo, type, id }: Omit<CommitIdentity, "kind">): CommitName {
  return { repo: { project, name: repo, type }, id };
}

export function jobIdentity({ pipeline, id }: JobName): JobIdentity {
  return { kind: "job", project: pipeline.project, pipeline: pipeline.name, id };
}

export function jobName({ project, pipeline, id }: Omit<JobIdentity, "kind">): JobName {
  return { pipeline: { project, name: pipeline }, id };
}

export function toCommitNode(info: CommitInfo): CommitNode {
  return {
    ...commitIdentity(info.commit),
    state: commitState(info),
    time: info.finished ?? info.started,
    ...(info.parent === undefined ? {} : { parent: info.parent }),
    ...(info.description === "" ? {} : { description: info.description }),
    ...(info.sizeBytes === undefined ? {} : { sizeBytes: info.sizeBytes }),
    ...(info.error === "" ? {} : { reason: info.error }),
  };
}

function commitState({ error, finishing, finished }: CommitInfo): string {
  if (error !== "") return "failed";
  if (finished !== undefined) return "finished";
  return finishing === undefined ? "open" : "finishing";
}

/** `commit` is where the file lies; its info may say the id of the commit set instead. */
export function toFileNode(info: FileInfo, commit: CommitName): FileNode {
  const { id, ...place } = commitIdentity(commit);
  const wasWritten = info.datum !== "" && info.datum !== "default";
  return {
    ...place,
    kind: "file",
    commit: id,
    path: info.path,
    sizeBytes: info.sizeBytes,
    hash: info.hash,
    ...(wasWritten ? { datum: info.datum } : {}),
  };
}

export function toJobNode(info: JobInfo): JobNode {
  return {
    ...jobIdentity(info.job),
    state: info.state.replace(/^JOB_/, "").toLowerCase(),
    time: info.finished ?? info.started ?? info.created,
    began: info.started ?? info.created,
    version: info.pipelineVersion,
    datums: info.datums,
    ...(info.reason === "" ? {} : { reason: info.reason }),
  };
}

export function toDatumNode({ job, id, state }: DatumInfo): DatumNode {
  return {
    kind: "datum",
    project: job.pipeline.project,
    pipeline: job.pipeline.name,
    job: job.id,
    id,
    state: state.toLowerCase(),
  };
}

export function pipelineOf({ job, pipelineVersion }: JobInfo): PipelineIdentity {
  return { kind: "pipeline", project: job.pipeline.project, pipeline: job.pipeline.name, version: pipelineVersion };
}

export function pipelineIdentity({ pipeline, version }: PipelineInfo): PipelineIdentity {
  return { kind: "pipeline", project: pipeline.project, pipeline: pipeline.name, version };
}

/** Of the present version everything is known, of an older one that it was. */
export function toPipelineNode(identity: PipelineIdentity, info: PipelineInfo | undefined): PipelineNode {
  if (info?.version !== identity.version) return identity;
  const { image, command, created: time, effectiveSpecJson: spec } = info;
  const specDigest = spec === "" ? undefined : createHash("sha256").update(spec).digest("hex");
  return { ...identity, image, command, time, ...(specDigest === undefined ? {} : { specDigest }) };
}

export function missing(at: Identity, why: string): Gap {
  return { at: formatUrn(at), why, effect: "missing" };
}

export function wider(at: Identity, why: string): Gap {
  return { at: formatUrn(at), why, effect: "wider" };
}
