import { orAbsent } from "../../lineage/errors.ts";
import type { Edge } from "../../lineage/graph.ts";
import { edge, fileNames } from "../../lineage/graph.ts";
import type { NodeRecord } from "../../lineage/store/lineage-index.ts";
import type { CommitIdentity, DatumIdentity, JobIdentity, Urn } from "../../lineage/urn.ts";
import { formatUrn, parseUrn } from "../../lineage/urn.ts";
import type { Gap } from "../../lineage/answer.ts";
import type { DatumInfo, FileInfo } from "../../pachyderm/types.ts";
import { commitIdentity, commitName, jobName, toDatumNode, wider } from "../nodes.ts";
import type { Reading } from "../pachyderm/turn.ts";
import { listAll } from "../remote.ts";
import { commitAsSeen } from "../skipped-datums.ts";
import { FolderFiles } from "./folder-files.ts";
import { ReadFiles, noteWritten } from "./note-files.ts";
import { runsByDatum } from "./runs-by-datum.ts";

/** Beyond so many, folders of a job's datums are not told apart any more: a cross of many files with many would fill the disk. */
const MAX_READS = 1_000_000;

/** Where it is noted that a job was expanded: "done", or "open" of one that was still at work, which is expanded again. */
export function cursorOfJob(job: Urn): string {
  return `expanded:${job}`;
}

/** Reads a job's datums and the files that it made into the index, with one listing of each. Rejects as the client does. */
export async function expandJob(reading: Reading, record: NodeRecord & { readonly node: JobIdentity }): Promise<void> {
  const { index, source } = reading;
  const scene = sceneOf(reading, record);
  const datums = oncePerId(await listAll(source.listDatums(jobName(record.node))));
  const { repo, id } = commitName(scene.output);
  const written = (await orAbsent(listAll(source.walkFiles({ repo, at: id }, "/")))) ?? [];
  const folders = await readFolders(reading, scene, datums);
  index.write((writer) => {
    const files = new ReadFiles(index, writer);
    const reads = new Reads(scene, folders, files);
    for (const datum of datums) {
      const node = { ...toDatumNode(datum), job: scene.job.id };
      const { edges, gaps } = reads.of(node, datum.files);
      writer.say({ node, rank: "source", since: record.since, gaps, edges: [...placeOf(scene, node), ...edges] });
    }
    const writers = new Set(datums.map(({ id: datum }) => datum));
    const runs = runsByDatum(index, scene, datums, written);
    for (const file of written) {
      if (file.type !== "FILE") continue;
      const datum = writers.has(file.datum) ? datumOf(scene.job, file.datum) : undefined;
      noteWritten(writer, file, { commit: scene.output, since: record.since, datum, runs: runs.get(file.datum) ?? [] });
    }
    writer.setCursor(cursorOfJob(formatUrn(scene.job)), scene.done ? "done" : "open");
  });
}

/**
 * A datum's id is made of the names of its inputs, repos and branches and of its paths, not of projects: a union may hold two of one id.
 * They count as one that read the files of both.
 */
function oncePerId(datums: readonly DatumInfo[]): readonly DatumInfo[] {
  const once = new Map<string, DatumInfo>();
  for (const datum of datums) {
    const known = once.get(datum.id);
    once.set(datum.id, known === undefined ? datum : { ...known, files: [...known.files, ...datum.files] });
  }
  return [...once.values()];
}

/** A job with what it used and made. */
interface Scene {
  readonly job: JobIdentity;
  readonly version: number | undefined;
  readonly used: readonly CommitIdentity[];
  readonly output: CommitIdentity;
  readonly done: boolean;
}

const DONE: ReadonlySet<unknown> = new Set(["success", "failure", "killed", "unrunnable"]);

function sceneOf({ index }: Reading, { node }: NodeRecord & { readonly node: JobIdentity }): Scene {
  const job: JobIdentity = { kind: "job", project: node.project, pipeline: node.pipeline, id: node.id };
  const commits = index.edgesUp(formatUrn(job)).flatMap(({ kind, to }) => (kind === "used" ? [parseUrn(to)] : []));
  const { version, state } = node as { readonly version?: number; readonly state?: string };
  return {
    job,
    version,
    used: commits.filter((each) => each.kind === "commit"),
    output: commitIdentity({ repo: { project: job.project, name: job.pipeline, type: "user" }, id: job.id }),
    done: DONE.has(state),
  };
}

function datumOf({ project, pipeline, id: job }: JobIdentity, id: string): DatumIdentity {
  return { kind: "datum", project, pipeline, job, id };
}

function placeOf({ job, version }: Scene, datum: DatumIdentity): readonly Edge[] {
  const { project, pipeline } = job;
  const of = version === undefined ? [] : [edge(datum, "of", { kind: "pipeline", project, pipeline, version })];
  return [edge(datum, "within", job), ...of];
}

async function readFolders({ source }: Reading, { used }: Scene, datums: readonly DatumInfo[]): Promise<FolderFiles> {
  const asked = new Map<Urn, { readonly commit: CommitIdentity; readonly folders: Set<string> }>();
  for (const { commit: name, path, type } of datums.flatMap(({ files }) => files)) {
    if (type !== "DIR") continue;
    const commit = commitAsSeen(name, used);
    const urn = formatUrn(commit);
    const entry = asked.get(urn) ?? { commit, folders: new Set<string>() };
    asked.set(urn, entry);
    entry.folders.add(path);
  }
  const folders = new FolderFiles(source);
  for (const entry of asked.values()) await folders.read(entry.commit, entry.folders);
  return folders;
}

/** What datums read, as edges. A folder counts as every file below it. */
class Reads {
  readonly #scene: Scene;
  readonly #folders: FolderFiles;
  readonly #files: ReadFiles;
  #count = 0;

  constructor(scene: Scene, folders: FolderFiles, files: ReadFiles) {
    this.#scene = scene;
    this.#folders = folders;
    this.#files = files;
  }

  of(datum: DatumIdentity, files: readonly FileInfo[]): { readonly edges: readonly Edge[]; readonly gaps: readonly Gap[] } {
    const edges: Edge[] = [];
    const gaps: Gap[] = [];
    const from = formatUrn(datum);
    for (const file of files) {
      const commit = commitAsSeen(file.commit, this.#scene.used);
      if (file.type === "DIR") gaps.push(folderGap(this.#scene.job, file));
      const read = file.type === "FILE" ? [file] : this.#below(commit, file.path);
      if (read === undefined) {
        edges.push(edge(datum, "used", commit, fileNames([file.path])));
        gaps.push(wider(datum, this.#folders.whyWhole(formatUrn(commit))));
      } else for (const each of read) edges.push({ from, kind: "used", to: this.#files.note(each, commit) });
    }
    this.#count += edges.length;
    return { edges, gaps };
  }

  #below(commit: CommitIdentity, folder: string): readonly FileInfo[] | undefined {
    const files = this.#folders.below(formatUrn(commit), folder);
    return files === undefined || this.#count + files.length > MAX_READS ? undefined : files;
  }
}

/** A datum that takes a folder may use any file in it: there an answer is as wide as the folder. */
function folderGap(job: JobIdentity, { commit, path }: FileInfo): Gap {
  const { name } = commit.repo;
  return wider(
    job,
    path === "/"
      ? `a datum was the whole of ${name}, so what it made counts as made from every file there`
      : `a datum was a folder of ${name}, so what it made counts as made from every file in it`,
  );
}
