import { type CommitRow, commitById, goodRoot } from "../pfs/commits.ts";
import type { StoredContent } from "../store/content-store.ts";
import type { DatumState, DatumStats } from "../pps/datum-runs.ts";
import type { DatumFile } from "../pps/datums.ts";
import { inOrder } from "../tree/edit-order.ts";
import { below, fileEntry, fileKey } from "../files/file-set.ts";
import type { Hold } from "../store/hold.ts";
import type { JobRow } from "../pps/jobs.ts";
import type { PipelineKey } from "../pps/pipeline-spec.ts";
import type { EngineState } from "../state.ts";
import type { Transaction } from "../transaction.ts";
import { EMPTY_ROOT, type Edit, type NodeStore, applyEdits, entries } from "../tree/tree.ts";
import type { Outcome } from "./attempt.ts";

const STATES = { SUCCESS: "PROCESSED", FAILED: "FAILED", RECOVERED: "RECOVERED" } satisfies Record<DatumState, string>;

/**
 * The files that a pipeline's meta repo keeps of a datum: what it was and how it went (`/meta/<id>/meta`), and its /pfs as it
 * was (`/pfs/<id>/…`), which shares its content with the inputs and the output. `index` is the datum's place in the job.
 */
export async function metaFiles(
  { content }: EngineState,
  job: { readonly pipeline: PipelineKey; readonly id: string; readonly index: number },
  outcome: Outcome,
  hold: Hold,
): Promise<Edit[]> {
  const { id } = outcome.datum;
  const meta = await content.write(only(JSON.stringify(toMeta(job, outcome))), hold);
  const env = await content.write(only(outcome.env), hold);
  const files: (readonly [path: string, content: StoredContent])[] = [
    [`/meta/${id}/meta`, meta],
    [`/pfs/${id}/.env`, env],
    ...[...outcome.inputs].map(([path, stored]) => [`/pfs/${id}${path}`, stored] as const),
    ...outcome.outputs.map(({ path, content: stored }) => [`/pfs/${id}/out${path}`, stored] as const),
  ];
  return files.map(([path, stored]) => ({ key: fileKey(path, id), entry: fileEntry(stored) }));
}

/** Lets a job's meta commit begin with what the job that it builds on has left, without the datums that are gone. */
export function beginMeta(
  { db }: Transaction,
  nodes: NodeStore,
  job: JobRow,
  base: JobRow | undefined,
  gone: readonly string[],
): void {
  const commit = findMetaCommit(db, job);
  if (commit === undefined) return;
  const root = (base === undefined ? undefined : findMetaCommit(db, base)?.root) ?? EMPTY_ROOT;
  const folders = gone.flatMap((id) => [`/meta/${id}/`, `/pfs/${id}/`]);
  const edits = folders.flatMap((folder) =>
    Array.from(entries(nodes, root, below(folder)), ({ key }) => ({ key, entry: undefined })),
  );
  const parent = commit.parent === null ? undefined : commitById(db, commit.parent);
  const start = applyEdits(nodes, root, inOrder(edits));
  db.run("UPDATE commits SET base = ?, root = ? WHERE id = ?", goodRoot(parent), start, commit.id);
}

/** The commit of a job's meta repo, beside its output commit. */
export function findMetaCommit(db: EngineState["db"], job: JobRow): CommitRow | undefined {
  return db.get(
    `SELECT c.* FROM pipelines p JOIN repos r ON r.project = p.project AND r.name = p.name AND r.type = 'meta'
     JOIN commits c ON c.repo = r.id AND c.set_id = ? WHERE p.id = ?`,
    job.set_id,
    job.pipeline,
  );
}

/** `datum.Meta` in protobuf's JSON, which leaves out what is empty. */
function toMeta({ pipeline, id, index }: Parameters<typeof metaFiles>[1], { datum, state, reason, stats }: Outcome): object {
  return {
    job: { pipeline: { project: { name: pipeline.project }, name: pipeline.name }, id },
    inputs: datum.files.map(toInput),
    hash: datum.hash,
    ...(state !== "SUCCESS" && { state: STATES[state] }),
    ...(reason !== "" && { reason }),
    stats: toStats(stats),
    ...(index > 0 && { index: String(index) }),
  };
}

function toInput(file: DatumFile): object {
  const { project, name, type } = file.repo;
  return {
    fileInfo: {
      file: { commit: { repo: { name, type, project: { name: project } }, id: file.commit }, path: file.path, datum: file.tag },
      fileType: file.type,
      ...(file.bytes > 0 && { sizeBytes: String(file.bytes) }),
      hash: Buffer.from(file.hash, "hex").toString("base64"),
    },
    name: file.input,
    ...(file.joinOn !== "" && { joinOn: file.joinOn }),
    ...(file.outerJoin && { outerJoin: true }),
    ...(file.groupBy !== "" && { groupBy: file.groupBy }),
    ...(file.lazy && { lazy: true }),
    branch: file.branch,
    ...(file.emptyFiles && { emptyFiles: true }),
    ...(file.isReference && { reference: true }),
  };
}

function toStats({ downloadMs, processMs, uploadMs, downloadBytes, uploadBytes }: DatumStats): object {
  return {
    downloadTime: `${downloadMs / 1000}s`,
    processTime: `${processMs / 1000}s`,
    uploadTime: `${uploadMs / 1000}s`,
    ...(downloadBytes > 0 && { downloadBytes: String(downloadBytes) }),
    ...(uploadBytes > 0 && { uploadBytes: String(uploadBytes) }),
  };
}

async function* only(text: string): AsyncIterableIterator<Uint8Array> {
  yield Buffer.from(text);
}
