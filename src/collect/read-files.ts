import type { DatumNode, RunNode } from "../lineage/graph.ts";
import { fileNames } from "../lineage/graph.ts";
import type { Step } from "../lineage/walk.ts";
import type { CommitName, FileInfo } from "../pachyderm/types.ts";
import { above, toFileNode, wider } from "./nodes.ts";
import type { Records } from "./records.ts";
import { lookUpCommit } from "./records.ts";

/** Files below one folder that are told apart. Beyond, the commit stands for them. */
export const MAX_FILES_BELOW = 10_000;

/** From a datum or run to the files that it read: a folder stands for all below it. */
export async function readFiles(records: Records, reader: DatumNode | RunNode, commit: CommitName, path: string): Promise<Step> {
  const info = path.endsWith("/") ? undefined : await records.pachyderm.file(commit, path);
  if (info?.type === "FILE") return { neighbours: [toFile(reader, info, commit)], gaps: [] };
  const below = await records.pachyderm.filesBelow(commit, path, MAX_FILES_BELOW);
  if (below !== undefined) return { neighbours: below.map((file) => toFile(reader, file, commit)), gaps: [] };
  const { node, gaps } = await lookUpCommit(records, commit);
  return {
    neighbours: [above(reader, "used", node, fileNames([path]))],
    gaps: [...gaps, wider(reader, `it read more than ${MAX_FILES_BELOW} files, so the whole commit stands for them`)],
  };
}

function toFile(reader: DatumNode | RunNode, file: FileInfo, commit: CommitName): Step["neighbours"][number] {
  return above(reader, "used", toFileNode(file, commit));
}
