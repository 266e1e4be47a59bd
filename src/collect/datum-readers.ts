import type { CommitName, DatumInfo, JobInfo } from "../pachyderm/types.ts";
import { commitKey } from "./pachyderm-records.ts";
import type { PachydermRecords } from "./pachyderm-records.ts";
import { Answers } from "./remote.ts";

/** For each commit and path that a job's datums took, the datums. A folder's path ends in a slash. */
type Readers = ReadonlyMap<string, ReadonlyMap<string, readonly DatumInfo[]>>;

/** Who read a file: an index of each job's datums, made when it is first asked for. */
export class DatumReaders {
  readonly #pachyderm: PachydermRecords;
  readonly #indexes = new Answers<Readers>();

  constructor(pachyderm: PachydermRecords) {
    this.#pachyderm = pachyderm;
  }

  /** The datums of a job that took a file, by itself or with a folder above it; for a folder also those that took anything below it. */
  async of(job: JobInfo, commit: CommitName, path: string): Promise<readonly DatumInfo[]> {
    const index = await this.#indexes.get(commitKey(job.outputCommit), () => this.#index(job));
    const readers = index.get(commitKey(commit)) ?? new Map<string, readonly DatumInfo[]>();
    const within = path.endsWith("/") ? [...readers.keys()].filter((each) => each.startsWith(path)) : [path];
    return [...new Set([...foldersAbove(path), ...within].flatMap((each) => readers.get(each) ?? []))];
  }

  async #index(job: JobInfo): Promise<Readers> {
    const index = new Map<string, Map<string, DatumInfo[]>>();
    for (const datum of (await this.#pachyderm.datums(job.job)).values()) {
      for (const { commit, path } of datum.files) {
        const key = commitKey((await this.#pachyderm.commit(commit.repo, commit.id)).commit);
        const readers = index.get(key) ?? new Map<string, DatumInfo[]>();
        index.set(key, readers);
        const datums = readers.get(path) ?? [];
        readers.set(path, datums);
        datums.push(datum);
      }
    }
    return index;
  }
}

/** `/a/b/c` lies in `/`, `/a/` and `/a/b/`. */
function foldersAbove(path: string): readonly string[] {
  const parts = path.split("/").slice(1, -1);
  return ["/", ...parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}/`)];
}
