import { combine, fillIn } from "./combine.ts";
import { type CommitRow, provenanceOf } from "../pfs/commits.ts";
import { blake2b256, datumId } from "../store/file-hash.ts";
import type { FileNode } from "../files/file-entry.ts";
import { compileGlob } from "../files/glob.ts";
import type { RepoKey } from "../pfs/names.ts";
import type { PfsInput, SpecInput } from "./pipeline-spec.ts";
import { inspectRepo } from "../pfs/repos.ts";
import { resolveCommit } from "../pfs/resolve-commit.ts";
import type { EngineState } from "../state.ts";

/** A file or directory that a datum reads. A directory (its path ends in a slash) stands for all below it. */
export interface DatumFile extends Omit<FileNode, "content"> {
  readonly input: string;
  readonly repo: RepoKey;
  readonly branch: string;
  readonly commit: string;
  /** The program sees a named pipe, or a file without content. */
  readonly lazy: boolean;
  readonly emptyFiles: boolean;
  /** What it goes by in a join or a group; "" where the input does not say. */
  readonly joinOn: string;
  readonly groupBy: string;
  readonly outerJoin: boolean;
  /** Its content plays no part in the datum's hash. */
  readonly isReference: boolean;
}

export interface Datum {
  /** Depends on what is read and where it lies, not on its content. */
  readonly id: string;
  /** Depends on the content too: equal hashes mean that there is nothing new to do. */
  readonly hash: string;
  readonly files: readonly DatumFile[];
}

/** The datums of a job, each once: those that its pipeline's input makes of the commits that its output commit comes from. */
export function planDatums(state: EngineState, input: SpecInput | undefined, output: CommitRow, salt: string): Datum[] {
  const upstream = provenanceOf(state.db, output);
  return datumsOf(state, input, salt, (leaf) => {
    const repo = inspectRepo(state.db, repoOf(leaf));
    const commit = upstream.find((each) => each.repo === repo.id);
    if (commit === undefined) throw new Error(`an output commit has no provenance in ${leaf.project}/${leaf.repo}`);
    return commit;
  });
}

/** The datums that a pipeline with this input would have now. */
export function previewDatums(state: EngineState, input: SpecInput): Datum[] {
  return datumsOf(state, input, "", (leaf) => resolveCommit(state.db, { repo: repoOf(leaf), branch: leaf.branch, id: "" }));
}

function datumsOf(
  state: EngineState,
  input: SpecInput | undefined,
  salt: string,
  commitOf: (leaf: PfsInput) => CommitRow,
): Datum[] {
  if (input === undefined) return [];
  const combinations = combine(input, (leaf) => matches(state, leaf, commitOf(leaf)));
  const datums = new Map<string, Datum>();
  for (const files of combinations) {
    const datum = toDatum(files, salt);
    datums.set(datum.id, datum);
  }
  return [...datums.values()];
}

function repoOf(leaf: PfsInput): RepoKey {
  return { project: leaf.project, name: leaf.repo, type: leaf.repoType };
}

/** The files and directories of a commit that an input's glob matches, in path order. */
function matches(state: EngineState, leaf: PfsInput, commit: CommitRow): DatumFile[] {
  const { captures } = compileGlob(leaf.glob);
  const repo = repoOf(leaf);
  return Array.from(state.files(commit.root).glob(leaf.glob), (node) => {
    const path = node.path.length > 1 && node.type === "DIR" ? node.path.slice(0, -1) : node.path;
    const groups = leaf.joinOn === "" && leaf.groupBy === "" ? [] : (captures(path) ?? []);
    return {
      input: leaf.name,
      repo,
      branch: leaf.branch,
      commit: commit.set_id,
      path: node.path,
      type: node.type,
      bytes: node.bytes,
      hash: node.hash,
      identity: node.identity,
      tag: node.tag,
      lazy: leaf.lazy,
      emptyFiles: leaf.emptyFiles,
      joinOn: fillIn(leaf.joinOn, path, groups),
      groupBy: fillIn(leaf.groupBy, path, groups),
      outerJoin: leaf.outerJoin,
      isReference: leaf.isReference,
    };
  });
}

function toDatum(files: readonly DatumFile[], salt: string): Datum {
  const id = datumId(files.map(({ input, repo, branch, path }) => ({ name: input, repo: repo.name, branch, path })));
  const identities = files.filter((file) => !file.isReference).map(({ identity }) => Buffer.from(identity, "hex"));
  return { id, hash: blake2b256(id, ...identities, salt), files };
}
