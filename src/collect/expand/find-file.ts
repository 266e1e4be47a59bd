import { orAbsent } from "../../lineage/errors.ts";
import { edge } from "../../lineage/graph.ts";
import type { Node } from "../../lineage/graph.ts";
import type { LineageIndex } from "../../lineage/store/lineage-index.ts";
import type { CommitIdentity, FileIdentity, Urn } from "../../lineage/urn.ts";
import { formatUrn, parseUrn } from "../../lineage/urn.ts";
import type { Gap } from "../../lineage/answer.ts";
import type { FileInfo } from "../../pachyderm/types.ts";
import { commitName, toFileNode, wider } from "../nodes.ts";
import type { Reading } from "../pachyderm/turn.ts";
import type { Sources } from "../ports.ts";
import { MAX_FILES_BELOW, filesBelow } from "./folder-files.ts";
import { ReadFiles } from "./note-files.ts";

/** A file or folder of a commit as a node, which is put into the index; undefined where there is none. Rejects as the client does. */
export async function findFile(index: LineageIndex, sources: Sources, commit: Urn, path: string): Promise<Node | undefined> {
  const identity = parseUrn(commit);
  if (identity.kind !== "commit") return undefined;
  const { repo, id } = commitName(identity);
  const info = await orAbsent(sources.pachyderm.inspectFile({ repo, at: id }, path));
  if (info === undefined) return undefined;
  if (info.type === "DIR") await noteFolder({ index, source: sources.pachyderm }, info, identity);
  else index.write((writer) => new ReadFiles(index, writer).note(info, identity));
  return index.record(formatUrn(toFileNode(info, commitName(identity))))?.node;
}

/** Reads what lies in a folder that the index has, unless that is known. */
export async function expandFolder(reading: Reading, folder: FileIdentity): Promise<readonly Gap[]> {
  const isKnown = reading.index.edgesUp(formatUrn(folder)).some(({ kind }) => kind === "derived");
  if (isKnown) return [];
  const { project, repo, type, commit: id, path } = folder;
  const commit: CommitIdentity = { kind: "commit", project, repo, type, id };
  const info = await orAbsent(reading.source.inspectFile({ repo: commitName(commit).repo, at: id }, path));
  if (info !== undefined) await noteFolder(reading, info, commit);
  return [];
}

/** A folder is the files below it. Nothing points at one: a question may begin there, and no answer shows one besides. */
async function noteFolder({ index, source }: Reading, info: FileInfo, commit: CommitIdentity): Promise<void> {
  const node = toFileNode(info, commitName(commit));
  const files = await filesBelow(source, commit, info.path);
  index.write((writer) => {
    const noted = new ReadFiles(index, writer);
    const from = formatUrn(node);
    const members =
      files === undefined
        ? [edge(node, "derived", commit)]
        : files.map((file) => ({ from, kind: "derived" as const, to: noted.note(file, commit) }));
    const tooMany = `more than ${MAX_FILES_BELOW} files are in it, so the whole commit stands for them`;
    writer.say({
      node,
      rank: "source",
      since: index.record(formatUrn(commit))?.since,
      edges: [edge(node, "within", commit), ...members],
      gaps: files === undefined ? [wider(node, tooMany)] : [],
    });
  });
}
