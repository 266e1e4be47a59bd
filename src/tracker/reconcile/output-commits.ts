import { orAbsent } from "../../lineage/errors.ts";
import type { CommitInfo, CommitName, RepoName } from "../../pachyderm/types.ts";
import { type JsonObject, parseObject } from "../json.ts";
import { OUTBOX_FILES, OUTBOX_PLACE } from "../delivery/outbox.ts";
import { formatCommit } from "./names.ts";
import type { CommitStore } from "./ports.ts";

/** A file of an output commit. */
export interface CommitFile {
  readonly commit: CommitName;
  readonly path: string;
}

/** Larger than any card and any outbox's header. */
const MAX_BYTES = 4 * 1024 * 1024;
const CARD_GLOB = `/${"?".repeat(32)}`;
const CARD_PATH = /^\/([0-9a-f]{32})$/;
const OUTBOX_GLOB = `/${OUTBOX_PLACE}/*/${OUTBOX_FILES.header}`;

/** What trackers left in the output of pipelines. Each thing is asked for once. */
export class OutputCommits {
  readonly #store: CommitStore;
  readonly #commits = new Map<string, CommitInfo | undefined>();
  readonly #cards = new Map<string, readonly CommitFile[]>();

  constructor(store: CommitStore) {
    this.#store = store;
  }

  /** The finished output commits of all pipelines, of each the newest first. */
  async *list(): AsyncIterable<CommitInfo> {
    const pipelines = await Array.fromAsync(this.#store.listPipelines());
    for (const { pipeline } of pipelines) yield* this.#listRepo({ ...pipeline, type: "user" });
  }

  /** Undefined when Pachyderm does not have it. */
  async find(name: CommitName): Promise<CommitInfo | undefined> {
    const key = formatCommit(name);
    if (!this.#commits.has(key)) this.#commits.set(key, await this.#inspect(name));
    return this.#commits.get(key);
  }

  /** The files that are named as run cards are. */
  async cards(commit: CommitName): Promise<readonly CommitFile[]> {
    const key = formatCommit(commit);
    const cards = this.#cards.get(key) ?? (await this.#glob(commit, CARD_GLOB)).filter(({ path }) => CARD_PATH.test(path));
    this.#cards.set(key, cards);
    return cards;
  }

  outboxes(commit: CommitName): Promise<readonly CommitFile[]> {
    return this.#glob(commit, OUTBOX_GLOB);
  }

  /** A file's JSON object; undefined for other content. */
  async readObject({ commit: { repo, id }, path }: CommitFile): Promise<JsonObject | undefined> {
    const text = await orAbsent(readStart(this.#store.readFile({ repo, at: id }, path)));
    return parseObject(text ?? "");
  }

  /** What goes away while we look is as if it had never been there. */
  async *#listRepo(repo: RepoName): AsyncIterable<CommitInfo> {
    const infos = (await orAbsent(Array.fromAsync(this.#store.listCommits(repo)))) ?? [];
    for (const info of infos) {
      this.#commits.set(formatCommit(info.commit), info);
      if (info.origin === "AUTO" && info.finished !== undefined) yield info;
    }
  }

  /** Where a repo has no commit of a set, servers may answer with the one before. */
  async #inspect({ repo, id }: CommitName): Promise<CommitInfo | undefined> {
    const info = await orAbsent(this.#store.inspectCommit({ repo, at: id }));
    return info?.commit.id === id ? info : undefined;
  }

  async #glob(commit: CommitName, pattern: string): Promise<readonly CommitFile[]> {
    const files = await orAbsent(Array.fromAsync(this.#store.globFiles({ repo: commit.repo, at: commit.id }, pattern)));
    return (files ?? []).filter(({ type }) => type === "FILE").map(({ path }) => ({ commit, path }));
  }
}

async function readStart(content: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const part of content) {
    parts.push(part);
    sizeBytes += part.length;
    if (sizeBytes > MAX_BYTES) break;
  }
  return Buffer.concat(parts).toString("utf8");
}

/** The run that a card is named by. */
export function runOfCard({ path }: CommitFile): string {
  return CARD_PATH.exec(path)?.[1] ?? "";
}
