import type { Database } from "./database.ts";
import { type CommitRow, provenanceOf } from "./commits.ts";
import { blake2b256, datumId } from "./file-hash.ts";
import type { SpecInput } from "./pipeline-spec.ts";
import { type RepoRow, inspectRepo } from "./repos.ts";
import type { EngineState } from "./state.ts";

/** A file or directory that a datum reads. A directory (its path ends in a slash) stands for all below it. */
export interface DatumFile {
  readonly input: string;
  readonly repo: { readonly project: string; readonly name: string; readonly type: string };
  readonly commit: string;
  readonly path: string;
  readonly type: "FILE" | "DIR";
  readonly bytes: number;
  readonly hash: string;
  readonly tag: string;
}

export interface Datum {
  /** Depends on what is read and where it lies, not on its content. */
  readonly id: string;
  /** Depends on the content too: equal hashes mean that there is nothing new to do. */
  readonly hash: string;
  readonly files: readonly DatumFile[];
}

export type DatumState = "SUCCESS" | "FAILED" | "RECOVERED" | "SKIPPED";

export interface DatumStats {
  readonly downloadMs: number;
  readonly processMs: number;
  readonly uploadMs: number;
  readonly downloadBytes: number;
  readonly uploadBytes: number;
}

export interface DatumRow {
  readonly job: number;
  readonly id: string;
  readonly hash: string;
  readonly state: DatumState;
  readonly files: string;
  readonly outputs: string;
  readonly stats: string;
}

/** The commit of an input's repo that an output commit comes from. */
export function inputCommit(db: Database, input: SpecInput, output: CommitRow): CommitRow {
  const repo = inputRepo(db, input);
  const commit = provenanceOf(db, output).find((upstream) => upstream.repo === repo.id);
  if (commit === undefined) throw new Error(`output commit ${output.set_id} has no provenance in ${input.project}/${input.repo}`);
  return commit;
}

function inputRepo(db: Database, input: SpecInput): RepoRow {
  return inspectRepo(db, { project: input.project, name: input.repo, type: input.repoType });
}

/** The datums of a job: one for each match of the input's glob, in path order. */
export function planDatums(state: EngineState, input: SpecInput, commit: CommitRow, salt: string): Datum[] {
  const repo = inputRepo(state.db, input);
  const datums: Datum[] = [];
  for (const node of state.files(commit.root).glob(input.glob)) {
    const path = node.type === "DIR" && node.path !== "/" ? node.path.slice(0, -1) : node.path;
    const id = datumId([{ name: input.name, repo: input.repo, branch: input.branch, path }]);
    const file: DatumFile = {
      input: input.name,
      repo: { project: repo.project, name: repo.name, type: repo.type },
      commit: commit.set_id,
      path: node.path,
      type: node.type,
      bytes: node.bytes,
      hash: node.hash,
      tag: node.tag,
    };
    datums.push({
      id,
      hash: blake2b256(Buffer.from(id, "hex"), Buffer.from(node.hash, "hex"), Buffer.from(salt)),
      files: [file],
    });
  }
  return datums;
}

export function datumsOfJob(db: Database, jobId: number): DatumRow[] {
  return db.all("SELECT * FROM datums WHERE job = ? ORDER BY id", jobId);
}

export function findDatum(db: Database, jobId: number, id: string): DatumRow | undefined {
  return db.get("SELECT * FROM datums WHERE job = ? AND id = ?", jobId, id);
}

export interface DatumResult {
  readonly state: DatumState;
  /** Paths in the output commit. */
  readonly outputs: readonly string[];
  readonly stats: DatumStats;
}

export function recordDatum(db: Database, jobId: number, datum: Datum, result: DatumResult): void {
  db.run(
    "INSERT INTO datums VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (job, id) DO UPDATE SET hash = excluded.hash, state = excluded.state, files = excluded.files, outputs = excluded.outputs, stats = excluded.stats",
    jobId,
    datum.id,
    datum.hash,
    result.state,
    JSON.stringify(datum.files),
    JSON.stringify(result.outputs),
    JSON.stringify(result.stats),
  );
}

export const NO_STATS: DatumStats = { downloadMs: 0, processMs: 0, uploadMs: 0, downloadBytes: 0, uploadBytes: 0 };
