import { pipeline } from "node:stream/promises";
import { type Extract, extract } from "tar-stream";
import { PachydermClient } from "../../src/pachyderm/client.ts";
import { Connection } from "../../src/pachyderm/connection.ts";
import { pfs } from "../../src/pachyderm/services.ts";
import { toModifyRequests } from "../../src/pachyderm/client-files.ts";
import type { ModifyFileRequest } from "../../src/pachyderm/generated/pfs_v2/ModifyFileRequest.ts";
import { fromBranchName, fromCommitName, newCommitOn } from "../../src/pachyderm/to-wire.ts";
import type { BranchName, CommitName, FileChange } from "../../src/pachyderm/types.ts";

/** Copies all files of a commit below a folder. */
export interface Copy {
  readonly kind: "copy";
  readonly path: string;
  readonly from: CommitName;
}

/** What the workers use of the engine that runs at the time: our client, and what that has no words for. */
export class Remote implements Disposable {
  readonly client: PachydermClient;
  readonly #connection: Connection;

  constructor(address: string) {
    this.client = new PachydermClient({ address });
    this.#connection = new Connection({ address });
  }

  /** All files of a commit, by their paths. */
  async readAll({ repo, id }: CommitName): Promise<Map<string, Buffer>> {
    const { project, ...name } = repo;
    const file = { commit: { repo: { ...name, project: { name: project } }, id }, path: "/" };
    const pieces = this.#connection.receive(pfs.GetFileTAR, { file }, ({ value }) => value as Uint8Array);
    const tar = extract();
    const [files] = await Promise.all([filesOf(tar), pipeline(pieces, tar)]);
    return files;
  }

  /** Makes changes in the open commit of a branch, or in a new one. */
  async modify(branch: BranchName, changes: Iterable<FileChange | Copy>): Promise<void> {
    const commit = newCommitOn(branch);
    async function* requests(): AsyncGenerator<ModifyFileRequest> {
      yield { set_commit: commit };
      for (const change of changes) {
        if (change.kind === "copy")
          yield { copy_file: { dst: change.path, src: { commit: fromCommitName(change.from), path: "/" }, append: false } };
        else for await (const request of toModifyRequests(commit, [change])) if (request.set_commit === undefined) yield request;
      }
    }
    await this.#connection.send(pfs.ModifyFile, requests(), {});
  }

  async deleteBranch(branch: BranchName): Promise<void> {
    await this.#connection.call(pfs.DeleteBranch, { branch: fromBranchName(branch) });
  }

  async squash(id: string): Promise<void> {
    await this.#connection.call(pfs.SquashCommitSet, { commit_set: { id } });
  }

  async drop(id: string): Promise<void> {
    await this.#connection.call(pfs.DropCommitSet, { commit_set: { id } });
  }

  [Symbol.dispose](): void {
    this.client.close();
    this.#connection.close();
  }
}

async function filesOf(tar: Extract): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for await (const entry of tar) {
    const content = Buffer.concat(await Array.fromAsync(entry as AsyncIterable<Buffer>));
    if (entry.header.type === "file") files.set(entry.header.name, content);
  }
  return files;
}
