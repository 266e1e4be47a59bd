import { edge } from "../../lineage/graph.ts";
import type { IndexWriter } from "../../lineage/store/index-writer.ts";
import type { LineageIndex } from "../../lineage/store/lineage-index.ts";
import type { CommitIdentity, DatumIdentity, Urn } from "../../lineage/urn.ts";
import { formatUrn } from "../../lineage/urn.ts";
import type { FileInfo } from "../../pachyderm/types.ts";
import { commitName, toFileNode } from "../nodes.ts";

/** Notes files that are read, and where they lie. What the job said that made one counts for more. */
export class ReadFiles {
  readonly #index: LineageIndex;
  readonly #writer: IndexWriter;
  readonly #noted = new Set<Urn>();
  readonly #since = new Map<Urn, Date | undefined>();

  constructor(index: LineageIndex, writer: IndexWriter) {
    this.#index = index;
    this.#writer = writer;
  }

  note(info: FileInfo, commit: CommitIdentity): Urn {
    const node = toFileNode(info, commitName(commit));
    const urn = formatUrn(node);
    if (this.#noted.has(urn)) return urn;
    this.#noted.add(urn);
    this.#writer.say({ node, rank: "told", since: this.#sinceOf(formatUrn(commit)), edges: [edge(node, "within", commit)] });
    return urn;
  }

  #sinceOf(commit: Urn): Date | undefined {
    if (!this.#since.has(commit)) this.#since.set(commit, this.#index.record(commit)?.since);
    return this.#since.get(commit);
  }
}

/** What a file of an output commit says: the datum that wrote it, and the runs of that datum. */
export function noteWritten(
  writer: IndexWriter,
  info: FileInfo,
  made: {
    readonly commit: CommitIdentity;
    readonly since: Date | undefined;
    readonly datum: DatumIdentity | undefined;
    readonly runs: readonly string[];
  },
): void {
  const node = toFileNode(info, commitName(made.commit));
  writer.say({
    node,
    rank: "source",
    since: made.since,
    edges: [
      edge(node, "within", made.commit),
      ...(made.datum === undefined ? [] : [edge(node, "generated", made.datum)]),
      ...made.runs.map((id) => edge(node, "generated", { kind: "run", id })),
    ],
  });
}
