import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The folders of a session, all in one that is temporary. */
export interface SessionFolders {
  readonly root: string;
  readonly report: string;
  readonly artifacts: string;
  readonly captured: string;
  readonly spark: string;
}

export async function makeFolders(): Promise<SessionFolders> {
  const root = await mkdtemp(join(tmpdir(), "stemma-run-"));
  const within = (name: string): string => join(root, name);
  const folders = {
    root,
    report: within("report"),
    artifacts: within("artifacts"),
    captured: within("captured"),
    spark: within("spark"),
  };
  for (const folder of [folders.report, folders.artifacts, folders.captured, folders.spark]) await mkdir(folder);
  return folders;
}
