import type { Edge } from "../../src/lineage/graph.ts";
import { edge } from "../../src/lineage/graph.ts";
import type { CommitIdentity, DatumIdentity, Identity, JobIdentity, PipelineIdentity, Urn } from "../../src/lineage/urn.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import type { ModelVersion, Run } from "../../src/mlflow/types.ts";
import type { CommitName, JobName, PipelineName } from "../../src/pachyderm/types.ts";
import { repoName } from "./names.ts";
import type { Tracking } from "./tracking.ts";
import type { StoredCommit, StoredJob, World } from "./world.ts";

/** What a thing is in truth: when it began, and what it came from. */
export interface Said {
  readonly since: Date | undefined;
  /** Edges that this thing knows of. */
  readonly edges: readonly Edge[];
  readonly isAttempt?: boolean;
  /** False for a job that may yet make more. */
  readonly isDone?: boolean;
  /** A run that MLflow has put away. */
  readonly isDeleted?: boolean;
  /** The runs that it tells of, whether MLflow has them or not. */
  readonly told?: readonly Urn[];
}

export type Statements = ReadonlyMap<Urn, Said>;

/** All that is true now, among commits, jobs, runs and models. */
export function statementsOf(world: World, tracking: Tracking): Statements {
  const users = [...world.commits.values()].filter(({ name }) => name.repo.type === "user");
  return new Map<Urn, Said>([
    ...users.map((commit) => ofCommit(world, commit)),
    ...[...world.jobs.values()].map((job) => ofJob(world, job)),
    ...[...world.pipelines.values()].flatMap(({ name, versions }) =>
      versions.map(({ created }, at) => said(pipelineVersion(name, at + 1), { since: created, edges: [] })),
    ),
    ...[...tracking.runs.values()].map((run) => ofRun(tracking, run)),
    ...[...tracking.models.values()].map(({ id, sourceRunId = "", created }) =>
      said(
        { kind: "logged-model", id },
        { since: created, edges: [edge({ kind: "logged-model", id }, "generated", runOf(sourceRunId))] },
      ),
    ),
    ...[...tracking.versions.values()].map(ofModelVersion),
  ]);
}

export function commitOf({ repo, id }: CommitName): CommitIdentity {
  return { kind: "commit", project: repo.project, repo: repo.name, type: repo.type, id };
}

export function jobOf({ pipeline, id }: JobName): JobIdentity {
  return { kind: "job", project: pipeline.project, pipeline: pipeline.name, id };
}

export function datumOf({ pipeline, id: job }: JobName, id: string): DatumIdentity {
  return { kind: "datum", project: pipeline.project, pipeline: pipeline.name, job, id };
}

export function pipelineVersion({ project, name }: PipelineName, version: number): PipelineIdentity {
  return { kind: "pipeline", project, pipeline: name, version };
}

export function runOf(id: string): Identity {
  return { kind: "run", id };
}

/** The ids of the runs whose cards lie in a commit. */
function cardsIn({ files }: Pick<StoredCommit, "files">): readonly string[] {
  return [...files.keys()].filter((path) => /^\/[0-9a-f]{32}$/.test(path)).map((path) => path.slice(1));
}

/** Whether a pipeline made a commit, or had made it before it was deleted. */
export function isMadeByJob({ name, provenance }: StoredCommit): boolean {
  return provenance.some(
    ({ repo }) => repo.type === "spec" && repo.name === name.repo.name && repo.project === name.repo.project,
  );
}

/** The job that a run ran in. */
export function placeOf({ tags }: Run): { readonly job: JobName; readonly datum: string | undefined } | undefined {
  const { "pachyderm.project": project = "default", "pachyderm.pipeline": name, "pachyderm.job": id } = tags;
  return name === undefined || id === undefined
    ? undefined
    : { job: { pipeline: { project, name }, id }, datum: tags["pachyderm.datum"] };
}

/** What a run outside of jobs says it read. */
export function inputsOfRun({ tags }: Run): ReadonlyArray<{ readonly commit: CommitName; readonly path: string }> {
  const list = JSON.parse(tags["pachyderm.inputs"] ?? "[]") as ReadonlyArray<
    Record<"project" | "repo" | "commit" | "path", string>
  >;
  return list.map(({ project, repo, commit, path }) => ({ commit: { repo: repoName(project, repo), id: commit }, path }));
}

function said(identity: Identity, what: Said): readonly [Urn, Said] {
  return [formatUrn(identity), what];
}

function ofCommit(world: World, commit: StoredCommit): readonly [Urn, Said] {
  const self = commitOf(commit.name);
  const { repo, id } = commit.name;
  const origins = commit.provenance.filter((name) => name.repo.type === "user");
  const cards = cardsIn(commit);
  const made = edge(self, "generated", jobOf({ pipeline: repo, id }));
  return said(self, {
    since: commit.started,
    edges: [
      ...(isMadeByJob(commit) ? [made] : origins.map((name) => edge(self, "derived", commitOf(name)))),
      ...cards.flatMap((run) => [edge(self, "generated", runOf(run)), ...placeOnCard(commit, run)]),
    ],
    told: cards.map((run) => formatUrn(runOf(run))),
  });
}

/** Where a run ran, as its card tells. */
function placeOnCard({ name, files }: StoredCommit, run: string): readonly Edge[] {
  const { text = "{}", datum = "" } = files.get(`/${run}`) ?? {};
  const id = (JSON.parse(text) as { readonly pachyderm?: { readonly job: string } }).pachyderm?.job ?? "";
  const job: JobName = { pipeline: name.repo, id };
  return [edge(runOf(run), "within", jobOf(job)), edge(runOf(run), "within", datumOf(job, datum))];
}

function ofJob(world: World, job: StoredJob): readonly [Urn, Said] {
  const { pipeline, id } = job.name;
  const output = [...world.commits.values()].find(({ name }) => name.id === id && formatUrn(commitOf(name)) === outputUrn(job));
  const used = output?.provenance.filter(({ repo }) => repo.type === "user") ?? [];
  const self = jobOf({ pipeline, id });
  return said(self, {
    since: job.created,
    edges: [edge(self, "of", pipelineVersion(pipeline, job.version)), ...used.map((name) => edge(self, "used", commitOf(name)))],
    isDone: job.finished !== undefined,
  });
}

export function outputUrn({ name: { pipeline, id } }: StoredJob): Urn {
  return formatUrn(commitOf({ repo: repoName(pipeline.project, pipeline.name), id }));
}

function ofRun(tracking: Tracking, run: Run): readonly [Urn, Said] {
  const self = runOf(run.id);
  const place = placeOf(run);
  const { "mlflow.parentRunId": parent, "mlflow.source.git.commit": code } = run.tags;
  const foreign = run.datasets.filter(({ sourceType }) => sourceType !== "pachyderm");
  return said(self, {
    since: run.startTime,
    isAttempt: isAttempt(tracking, run),
    isDeleted: run.deleted,
    edges: [
      ...(place === undefined
        ? inputsOfRun(run).map(({ commit }) => edge(self, "used", commitOf(commit)))
        : [
            edge(self, "within", jobOf(place.job)),
            ...(place.datum === undefined ? [] : [edge(self, "within", datumOf(place.job, place.datum))]),
            edge(commitOf({ repo: { ...place.job.pipeline, type: "user" }, id: place.job.id }), "generated", self),
          ]),
      ...(parent === undefined ? [] : [edge(self, "within", runOf(parent))]),
      ...(code === undefined ? [] : [edge(self, "used", { kind: "code", commit: code })]),
      ...foreign.map(({ name, digest }) => edge(self, "used", { kind: "dataset", name, digest })),
      ...run.modelInputs.map((id) => edge(self, "used", { kind: "logged-model", id })),
    ],
  });
}

/** A run that MLflow made twice, or one that failed at work at which another succeeded. */
function isAttempt(tracking: Tracking, { id, status, tags }: Run): boolean {
  if (tags["stemma.superseded_by"] !== undefined) return true;
  const isSameWork = (other: Run): boolean => tags["stemma.key"] !== undefined && other.tags["stemma.key"] === tags["stemma.key"];
  return (
    (status === "FAILED" || status === "KILLED") &&
    [...tracking.runs.values()].some((other) => other.id !== id && other.status === "FINISHED" && isSameWork(other))
  );
}

function ofModelVersion({ name, version, source, runId = "", created }: ModelVersion): readonly [Urn, Said] {
  const self: Identity = { kind: "model-version", name, version: Number(version) };
  const model = source.startsWith("models:/") ? source.slice("models:/".length) : undefined;
  const origin =
    model === undefined ? edge(self, "generated", runOf(runId)) : edge(self, "derived", { kind: "logged-model", id: model });
  return said(self, { since: created, edges: [origin] });
}
