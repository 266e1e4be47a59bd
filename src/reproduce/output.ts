import type { CommitName, DatumInfo, FileInfo, JobInfo } from "../pachyderm/types.ts";
import { RUN_CARD_SCHEMA, type RunCard } from "../tracker/card/run-card.ts";
import { OUTBOX_FILES, OUTBOX_PLACE } from "../tracker/delivery/outbox.ts";
import { parseObject, textAt } from "../tracker/json.ts";
import type { ReproducePachyderm } from "./ports.ts";

/** What one datum left in its job's output. */
export interface DatumOutput {
  readonly id: string;
  /** What it read, as `repo:/path`, sorted: the same in whatever pipeline. */
  readonly inputs: readonly string[];
  readonly commit: CommitName;
  readonly files: readonly FileInfo[];
  /** The cards of its tracked commands, by when they began. */
  readonly cards: readonly RunCard[];
}

const CARD = /^\/[0-9a-f]{32}$/;
const OUTBOX = `/${OUTBOX_PLACE}/`;
const MAX_CARD_BYTES = 64 * 1024 * 1024;

/** The output of a job by datum, in the order of the datums. What no datum of the job wrote is left out. */
export async function readOutput(pachyderm: ReproducePachyderm, { job, outputCommit }: JobInfo): Promise<readonly DatumOutput[]> {
  const query = { repo: outputCommit.repo, at: outputCommit.id };
  const files = (await Array.fromAsync(pachyderm.walkFiles(query, "/"))).filter(({ type }) => type === "FILE");
  const byDatum = Map.groupBy(files, ({ datum }) => datum);
  const datums = await Array.fromAsync(pachyderm.listDatums(job));
  return Promise.all(datums.map((datum) => toOutput(pachyderm, outputCommit, datum, byDatum.get(datum.id) ?? [])));
}

async function toOutput(
  pachyderm: ReproducePachyderm,
  commit: CommitName,
  datum: DatumInfo,
  files: readonly FileInfo[],
): Promise<DatumOutput> {
  const cards: RunCard[] = [];
  const others: FileInfo[] = [];
  for (const file of files) {
    const card = isCardPath(file) ? await readCard(pachyderm, commit, file) : undefined;
    if (card !== undefined) cards.push(card);
    else if (!file.path.startsWith(OUTBOX)) others.push(file);
  }
  const inputs = datum.files.map(({ commit: { repo }, path }) => `${repo.name}:${path}`).sort();
  return { id: datum.id, inputs, commit, files: others, cards: cards.sort((a, b) => (a.startTime < b.startTime ? -1 : 1)) };
}

/** A card of its own, or the one in an outbox. */
function isCardPath({ path, sizeBytes }: FileInfo): boolean {
  const isInOutbox = path.startsWith(OUTBOX) && path.endsWith(`/${OUTBOX_FILES.card}`);
  return sizeBytes <= MAX_CARD_BYTES && (CARD.test(path) || isInOutbox);
}

async function readCard(pachyderm: ReproducePachyderm, commit: CommitName, { path }: FileInfo): Promise<RunCard | undefined> {
  const card = parseObject((await readBytes(pachyderm, commit, path)).toString("utf8"));
  return card !== undefined && textAt(card, "schema") === RUN_CARD_SCHEMA ? (card as unknown as RunCard) : undefined;
}

export async function readBytes(pachyderm: ReproducePachyderm, { repo, id }: CommitName, path: string): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(pachyderm.readFile({ repo, at: id }, path)));
}
