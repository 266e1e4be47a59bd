import type { DatumInfo } from "../../pachyderm/generated/pps_v2/DatumInfo.ts";
import type { Timestamp } from "../../pachyderm/generated/google/protobuf/Timestamp.ts";
import type { FileInfo } from "../../pachyderm/generated/pfs_v2/FileInfo.ts";
import type { Database } from "../store/database.ts";
import type { DatumRun } from "../pps/datum-runs.ts";
import type { DatumFile } from "../pps/datums.ts";
import type { PipelineKey } from "../pps/pipeline-spec.ts";
import { fromPipeline, toProcessStats } from "./pps-wire.ts";
import { fromRepo, toTimestamp } from "./wire.ts";

/** A datum that a job worked on or skipped. Of one that it skipped it tells what the job did that last worked on it. */
export function toDatumInfo(
  db: Database,
  job: { readonly pipeline: PipelineKey; readonly id: string },
  run: DatumRun,
): DatumInfo {
  return {
    datum: { job: { pipeline: fromPipeline(job.pipeline), id: run.setId }, id: run.datum },
    state: run.setId === job.id ? run.state : "SKIPPED",
    stats: toProcessStats(run.stats),
    data: run.files.map((file) => toDatumFileInfo(db, file)),
  };
}

/** A datum that no job has worked on yet. */
export function toDatumPreview(db: Database, datum: { readonly id: string; readonly files: readonly DatumFile[] }): DatumInfo {
  return { datum: { id: datum.id }, state: "UNKNOWN", data: datum.files.map((file) => toDatumFileInfo(db, file)) };
}

/** As it was when the datum was made: its commit may have been removed since. */
function toDatumFileInfo(db: Database, file: DatumFile): FileInfo {
  return {
    file: { commit: { repo: fromRepo(file.repo), id: file.commit }, path: file.path, datum: file.tag },
    file_type: file.type,
    committed: committedAt(db, file),
    size_bytes: String(file.bytes),
    hash: Buffer.from(file.hash, "hex"),
  };
}

function committedAt(db: Database, { repo, commit }: DatumFile): Timestamp | null {
  const row = db.get<{ finishing: number | null }>(
    "SELECT c.finishing FROM commits c JOIN repos r ON r.id = c.repo WHERE r.project = ? AND r.name = ? AND r.type = ? AND c.set_id = ?",
    repo.project,
    repo.name,
    repo.type,
    commit,
  );
  return row === undefined || row.finishing === null ? null : toTimestamp(row.finishing);
}
