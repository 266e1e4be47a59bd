import type { Edge } from "../../src/lineage/graph.ts";
import { edge } from "../../src/lineage/graph.ts";
import type { Identity, Urn } from "../../src/lineage/urn.ts";
import { formatUrn, parseUrn } from "../../src/lineage/urn.ts";
import type { Run } from "../../src/mlflow/types.ts";
import type { CommitName, JobName } from "../../src/pachyderm/types.ts";
import type { Field } from "./brute-force.ts";
import type { Ledger } from "./ledger.ts";
import { commitKey, jobKey, repoName } from "./names.ts";
import { commitOf, datumOf, inputsOfRun, isMadeByJob, jobOf, pipelineVersion, placeOf, runOf } from "./statements.ts";
import type { Tracking } from "./tracking.ts";
import type { StoredCommit, StoredJob, World } from "./world.ts";

export interface Truth {
  readonly world: World;
  readonly tracking: Tracking;
  readonly ledger: Ledger;
}

export interface View {
  readonly asOf?: Date | undefined;
  readonly attempts?: boolean | undefined;
  /** When something was seen to be gone. */
  readonly goneAt: (urn: Urn) => Date | undefined;
}

/** Kinds whose system ought to know them. */
const KNOWN: ReadonlySet<string> = new Set(["commit", "job", "run", "logged-model", "model-version"]);

/** What a walk among commits and jobs is asked of. */
export function coarseField({ ledger }: Truth, view: View): Field {
  const edges = ledger.edges.filter(({ from, to }) => ![from, to].some(isFine));
  return {
    followed: { up: edges, down: edges },
    noted: [],
    isThere: (urn) => isThere(ledger, view, urn),
    isDoubtful: (urn, direction) => isUnknown(ledger, urn) || (direction === "down" && isAtWork(ledger, urn)),
  };
}

/** What a walk among files and datums is asked of. */
export function fineField(truth: Truth, view: View): Field {
  const { ledger, world } = truth;
  const fine = new FineEdges(truth);
  const coarse = ledger.edges.filter(({ from, to }) => ![from, to].some(isFine));
  return {
    followed: {
      up: [...fine.both, ...fine.up, ...coarse.filter(({ from, to }) => !(isRun(from) && fine.isReplaced(from, to)))],
      down: [...fine.both, ...fine.down, ...coarse.filter(({ from, to }) => !(isRun(to) && fine.isReplaced(to, from)))],
    },
    noted: fine.noted,
    isThere: (urn) => isThere(ledger, view, placeOfFine(urn) ?? urn),
    isDoubtful: (urn, direction) => {
      if (isUnknown(ledger, urn)) return true;
      if (direction === "up") return false;
      const place = placeOfFine(urn);
      if (place === undefined) return isAtWork(ledger, urn);
      if (urn.startsWith("urn:stemma:datum:")) return isAtWork(ledger, place);
      return [...world.jobs.values()].some((job) => isAtWork(ledger, urnOfJob(job)) && usesOf(ledger, job).includes(place));
    },
  };
}

/** True where the servers can tell nothing of files and datums any more: in what is gone, and for jobs that are gone or whose output is. */
export function isBeyondFiles({ ledger, world }: Truth, urn: Urn): boolean {
  const place = placeOfFine(urn) ?? urn;
  if (ledger.isGone(place) || isUnknown(ledger, place)) return true;
  const around = ledger.edges
    .filter(({ from, to }) => from === place || to === place)
    .flatMap(({ from, to }) => [place, from, to]);
  const mute = new Set([...world.jobs.values()].filter(({ name }) => !world.commits.has(outputKey(name))).map(urnOfJob));
  return around.some((each) => mute.has(each) || (each !== place && !isRun(each) && ledger.isGone(each)));
}

function outputKey({ pipeline, id }: JobName): string {
  return commitKey({ repo: repoName(pipeline.project, pipeline.name), id });
}

function isThere(ledger: Ledger, { asOf, attempts = false, goneAt }: View, urn: Urn): boolean {
  const said = ledger.said.get(urn);
  if (said?.isAttempt === true && !attempts) return false;
  if (asOf === undefined) return true;
  const gone = goneAt(urn);
  return (said?.since === undefined || said.since <= asOf) && (gone === undefined || gone > asOf);
}

/** Others speak of it, and whoever ought to know it does not. */
function isUnknown(ledger: Ledger, urn: Urn): boolean {
  return KNOWN.has(parseUrn(urn).kind) && !ledger.isKnown(urn);
}

function isAtWork(ledger: Ledger, urn: Urn): boolean {
  return ledger.said.get(urn)?.isDone === false && !ledger.isGone(urn);
}

function isFine(urn: Urn): boolean {
  return urn.startsWith("urn:stemma:file:") || urn.startsWith("urn:stemma:datum:");
}

function isRun(urn: Urn): boolean {
  return urn.startsWith("urn:stemma:run:");
}

/** The commit of a file, the job of a datum. */
function placeOfFine(urn: Urn): Urn | undefined {
  const identity = parseUrn(urn);
  if (identity.kind === "file") return formatUrn({ ...identity, kind: "commit", id: identity.commit });
  if (identity.kind === "datum") return formatUrn({ ...identity, kind: "job", id: identity.job });
  return undefined;
}

function urnOfJob({ name }: StoredJob): Urn {
  return formatUrn(jobOf(name));
}

function usesOf(ledger: Ledger, job: StoredJob): readonly Urn[] {
  return (ledger.said.get(urnOfJob(job))?.edges ?? []).filter(({ kind }) => kind === "used").map(({ to }) => to);
}

/** The edges of files and datums. */
class FineEdges {
  /** Followed both ways. */
  readonly both: Edge[] = [];
  readonly up: Edge[] = [];
  readonly down: Edge[] = [];
  readonly noted: Edge[] = [];
  readonly #world: World;
  /** Links of runs to commits or jobs, in place of which there are finer ones. */
  readonly #replaced = new Set<string>();

  constructor({ world, tracking, ledger }: Truth) {
    this.#world = world;
    const runs = [...tracking.runs.values(), ...tracking.forgotten].filter(({ id }) => ledger.isKnown(formatUrn(runOf(id))));
    for (const job of world.jobs.values()) this.#addDatums(job);
    for (const commit of world.commits.values()) if (commit.name.repo.type === "user") this.#addFiles(commit, runs);
    for (const run of runs) this.#addRun(run);
  }

  isReplaced(run: Urn, other: Urn): boolean {
    return this.#replaced.has(`${run} ${other}`);
  }

  #addDatums(job: StoredJob): void {
    for (const { id, files } of job.datums) {
      const datum = datumOf(job.name, id);
      this.noted.push(edge(datum, "within", jobOf(job.name)));
      // Below a pipeline's version are its jobs.
      this.up.push(edge(datum, "of", pipelineVersion(job.name.pipeline, job.version)));
      for (const { commit, path } of files)
        for (const file of this.#filesIn(commit, path)) this.both.push(edge(datum, "used", file));
    }
  }

  #addFiles(commit: StoredCommit, runs: readonly Run[]): void {
    const { repo, id } = commit.name;
    const job = this.#world.jobs.get(jobKey({ pipeline: repo, id }));
    for (const [path, { datum }] of commit.files) {
      const file = fileOf(commit.name, path);
      this.noted.push(edge(file, "within", commitOf(commit.name)));
      if (job !== undefined && isMadeByJob(commit)) {
        this.both.push(edge(file, "generated", datumOf(job.name, datum)));
        for (const run of runs) {
          const place = placeOf(run);
          const isOwn = place?.datum === datum && jobKey(place.job) === jobKey(job.name);
          // A job that skipped the datum kept the card together with the other files.
          if (!isOwn && commit.files.get(`/${run.id}`)?.datum !== datum) continue;
          this.both.push(edge(file, "generated", runOf(run.id)));
          this.#replace(run, commitOf(commit.name));
        }
      } else {
        const origins = commit.provenance.filter((name) => name.repo.type === "user");
        this.up.push(...origins.map((name) => edge(file, "derived", commitOf(name))));
      }
      const derived = [...this.#world.commits.values()].filter(
        (each) =>
          each.name.repo.type === "user" &&
          !isMadeByJob(each) &&
          each.provenance.some((name) => commitKey(name) === commitKey(commit.name)),
      );
      this.down.push(...derived.map((each) => edge(commitOf(each.name), "derived", file)));
    }
  }

  #addRun(run: Run): void {
    const place = placeOf(run);
    if (place?.datum !== undefined) {
      this.both.push(edge(runOf(run.id), "within", datumOf(place.job, place.datum)));
      this.#replaced.add(`${formatUrn(runOf(run.id))} ${formatUrn(jobOf(place.job))}`);
    }
    if (place !== undefined) return;
    for (const { commit, path } of inputsOfRun(run))
      for (const file of this.#filesIn(commit, path)) {
        this.both.push(edge(runOf(run.id), "used", file));
        this.#replace(run, commitOf(commit));
      }
  }

  #replace(run: Run, other: Identity): void {
    this.#replaced.add(`${formatUrn(runOf(run.id))} ${formatUrn(other)}`);
  }

  #filesIn(name: CommitName, path: string): readonly Identity[] {
    const files = [...(this.#world.commits.get(commitKey(name))?.files.keys() ?? [])];
    return files.filter((each) => (path.endsWith("/") ? each.startsWith(path) : each === path)).map((each) => fileOf(name, each));
  }
}

export function fileOf({ repo, id }: CommitName, path: string): Identity {
  return { kind: "file", project: repo.project, repo: repo.name, type: repo.type, commit: id, path };
}
