import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

/** One datum of one job: its folders, and the variables that a worker of Pachyderm would set. */
export interface DatumJob {
  readonly env: Readonly<Record<string, string>>;
  readonly out: string;
  /** What its run is known by. */
  readonly key: string;
}

export async function makeDatumJob(folder: string): Promise<DatumJob> {
  const root = join(folder, "pfs");
  const out = join(root, "out");
  await mkdir(out, { recursive: true });
  const [job, commit, datum] = [newId(), newId(), newId() + newId()];
  const env = {
    PATH: process.env["PATH"] ?? "",
    PACH_JOB_ID: job,
    PACH_OUTPUT_COMMIT_ID: job,
    PACH_DATUM_ID: datum,
    PPS_PIPELINE_NAME: "train",
    PPS_PROJECT_NAME: "default",
    STEMMA_PFS_ROOT: root,
    etl: join(root, "etl"),
    etl_COMMIT: commit,
  };
  return { env, out, key: `default/train@${job}/${datum}/train@${job.slice(0, 8)}` };
}

/** 32 hexadecimal digits. */
function newId(): string {
  return randomUUID().replaceAll("-", "");
}
