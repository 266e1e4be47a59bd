import { extract } from "tar-stream";
import type { Commit } from "../../src/pachyderm/generated/pfs_v2/Commit.ts";
import type { CommitInfo__Output as CommitInfo } from "../../src/pachyderm/generated/pfs_v2/CommitInfo.ts";
import type { FileInfo__Output as FileInfo } from "../../src/pachyderm/generated/pfs_v2/FileInfo.ts";
import type { GetFileRequest } from "../../src/pachyderm/generated/pfs_v2/GetFileRequest.ts";
import type { ListFileRequest } from "../../src/pachyderm/generated/pfs_v2/ListFileRequest.ts";
import type { ModifyFileRequest } from "../../src/pachyderm/generated/pfs_v2/ModifyFileRequest.ts";
import { type Pachd, type RepoName, commitOf, pfs } from "./pachd.ts";

// The messages of a ModifyFile.

export function add(path: string, text = "", datum = ""): ModifyFileRequest {
  return { add_file: { path, datum, raw: { value: Buffer.from(text) } } };
}

export function remove(path: string, datum = ""): ModifyFileRequest {
  return { delete_file: { path, datum } };
}

/** One file or directory in a tar file. */
export interface TarEntry {
  readonly name: string;
  readonly type: string;
  readonly mode: number;
  readonly time: number;
  readonly text: string;
}

/** The files of a repo, and what is done with them. */
export class Files {
  readonly repo: RepoName;
  readonly #pachd: Pachd;

  private constructor(pachd: Pachd, repo: RepoName) {
    this.#pachd = pachd;
    this.repo = repo;
  }

  /** In a new repo. */
  static async create(pachd: Pachd): Promise<Files> {
    return new Files(pachd, await pachd.newRepo("files"));
  }

  /** As a commit is written on the wire: the head of a branch, one by its id, or a file set. */
  at(commit = "master"): Commit {
    if (/^[0-9a-f]{32}\./.test(commit)) return { repo: { name: "__filesets__", type: "user" }, id: commit };
    return commitOf(this.repo, commit);
  }

  /** Sends changes as one stream. */
  async send(messages: readonly ModifyFileRequest[], commit = "master"): Promise<void> {
    await this.#pachd.send(pfs.ModifyFile, [{ set_commit: this.at(commit) }, ...messages]);
  }

  /** The same; then waits until the commit is finished. */
  async commit(messages: readonly ModifyFileRequest[], branch = "master"): Promise<CommitInfo> {
    await this.send(messages, branch);
    return this.finished(branch);
  }

  finished(commit = "master"): Promise<CommitInfo> {
    return this.#pachd.call(pfs.InspectCommit, { commit: this.at(commit), wait: "FINISHED" });
  }

  async start(branch = "master"): Promise<string> {
    return (await this.#pachd.call(pfs.StartCommit, { branch: { repo: this.repo, name: branch } })).id ?? "";
  }

  async finish(branch = "master"): Promise<CommitInfo> {
    await this.#pachd.call(pfs.FinishCommit, { commit: this.at(branch) });
    return this.finished(branch);
  }

  read(path: string, commit?: string): Promise<string> {
    return this.get({ file: { commit: this.at(commit), path } });
  }

  async get(request: GetFileRequest): Promise<string> {
    const pieces = await this.#pachd.collect(pfs.GetFile, request);
    return Buffer.concat(pieces.map(({ value }) => value as Buffer)).toString();
  }

  inspect(path: string, commit?: string): Promise<FileInfo> {
    return this.#pachd.call(pfs.InspectFile, { file: { commit: this.at(commit), path } });
  }

  list(path: string, commit?: string, page: Omit<ListFileRequest, "file"> = {}): Promise<FileInfo[]> {
    return this.#pachd.collect(pfs.ListFile, { file: { commit: this.at(commit), path }, ...page });
  }

  walk(path: string, commit?: string, page: Omit<ListFileRequest, "file"> = {}): Promise<FileInfo[]> {
    return this.#pachd.collect(pfs.WalkFile, { file: { commit: this.at(commit), path }, ...page });
  }

  glob(pattern: string, path_range: { lower?: string; upper?: string } = {}, commit?: string): Promise<FileInfo[]> {
    return this.#pachd.collect(pfs.GlobFile, { commit: this.at(commit), pattern, path_range });
  }

  /** The paths below a directory and their texts, without the directories. */
  async all(commit?: string): Promise<Record<string, string>> {
    const texts: Record<string, string> = {};
    for (const { file, file_type } of await this.walk("/", commit))
      if (file_type === "FILE") texts[file?.path ?? ""] = await this.read(file?.path ?? "", commit);
    return texts;
  }

  async tar(request: GetFileRequest): Promise<Buffer> {
    const pieces = await this.#pachd.collect(pfs.GetFileTAR, request);
    return Buffer.concat(pieces.map(({ value }) => value as Buffer));
  }

  /** What the tar file of a path holds, in its order. */
  async untar(path: string, range: GetFileRequest["path_range"] = {}, commit?: string): Promise<TarEntry[]> {
    const tar = extract();
    tar.end(await this.tar({ file: { commit: this.at(commit), path }, path_range: range }));
    const entries: TarEntry[] = [];
    for await (const entry of tar) {
      const { name, type, mode, mtime } = entry.header;
      const text = Buffer.concat(await Array.fromAsync(entry as AsyncIterable<Buffer>)).toString();
      entries.push({ name, type: type ?? "", mode, time: mtime?.getTime() ?? -1, text });
    }
    return entries;
  }
}

export function paths(infos: readonly FileInfo[]): (string | undefined)[] {
  return infos.map(({ file }) => file?.path);
}
