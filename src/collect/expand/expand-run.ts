import { orAbsent } from "../../lineage/errors.ts";
import type { Edge, FileNames } from "../../lineage/graph.ts";
import type { LineageIndex } from "../../lineage/store/lineage-index.ts";
import type { CommitIdentity, Urn } from "../../lineage/urn.ts";
import { parseUrn } from "../../lineage/urn.ts";
import type { Gap } from "../../lineage/answer.ts";
import type { FileInfo } from "../../pachyderm/types.ts";
import { commitName, wider } from "../nodes.ts";
import type { Reading } from "../pachyderm/turn.ts";
import type { PachydermSource } from "../ports.ts";
import { MAX_FILES_BELOW } from "./folder-files.ts";
import { ReadFiles } from "./note-files.ts";

/** Reads which files a run outside of jobs read: it names paths of commits, and a folder's stands for all below it. */
export async function expandRun(reading: Reading, run: Urn): Promise<readonly Gap[]> {
  const used = reading.index.edgesUp(run).filter(({ kind }) => kind === "used");
  const known = new Set(used.flatMap(({ to }) => commitOfFile(to)));
  const gaps: Gap[] = [];
  for (const { to, files } of used) {
    const commit = parseUrn(to);
    if (commit.kind !== "commit" || files === undefined || known.has(to)) continue;
    const read = await filesNamed(reading.source, commit, files);
    if (typeof read === "string") gaps.push(wider(parseUrn(run), `${read}, so the whole commit stands for them`));
    else noteRead(reading.index, run, commit, read);
  }
  return gaps;
}

function noteRead(index: LineageIndex, run: Urn, commit: CommitIdentity, read: readonly FileInfo[]): void {
  index.write((writer) => {
    const files = new ReadFiles(index, writer);
    writer.add(
      run,
      read.map((file): Edge => ({ from: run, kind: "used", to: files.note(file, commit) })),
    );
  });
}

/** The files that are meant, or why they cannot be told apart. */
async function filesNamed(
  source: PachydermSource,
  commit: CommitIdentity,
  { names, count }: FileNames,
): Promise<readonly FileInfo[] | string> {
  if (names.length < count) return `it read ${count} files, which are not named`;
  const files: FileInfo[] = [];
  for (const name of names) {
    const found = await orAbsent(filesAt(source, commit, name));
    if (found === undefined) return "the files that it read are gone";
    files.push(...found);
    if (files.length > MAX_FILES_BELOW) return `it read more than ${MAX_FILES_BELOW} files`;
  }
  return files;
}

/** A file, or up to one more than `MAX_FILES_BELOW` below a folder. */
async function filesAt(source: PachydermSource, commit: CommitIdentity, path: string): Promise<readonly FileInfo[]> {
  const { repo, id } = commitName(commit);
  const files: FileInfo[] = [];
  for await (const file of source.walkFiles({ repo, at: id }, path)) {
    if (file.type === "FILE") files.push(file);
    if (files.length > MAX_FILES_BELOW) break;
  }
  return files;
}

function commitOfFile(urn: Urn): readonly Urn[] {
  const [, commit] = /^urn:stemma:file:([^:]*):/.exec(urn) ?? [];
  return commit === undefined ? [] : [`urn:stemma:commit:${commit}` as Urn];
}
