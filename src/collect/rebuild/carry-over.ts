import type { IndexWriter } from "../../lineage/store/index-writer.ts";
import type { LineageIndex, NodeRecord } from "../../lineage/store/lineage-index.ts";
import { keyOf } from "../../lineage/store/record.ts";
import type { Urn } from "../../lineage/urn.ts";
import { formatUrn } from "../../lineage/urn.ts";
import { cursorOfJob } from "../expand/expand-job.ts";

/** What a source would know of, were it still there. */
const KINDS = ["commit", "job", "pipeline", "run", "logged-model", "model-version"] as const;

/**
 * Puts into a new index what an old one knows and no source says any more: things that are gone, with all that was said of them, down
 * to the datums and files of jobs that are gone. `at` is when a thing was seen to be gone that the old index still held to be there.
 */
export function carryTombstones(from: LineageIndex, to: LineageIndex, at: Date): void {
  const lost: NodeRecord[] = [];
  for (const record of from.records(KINDS)) if (isLost(record, to)) lost.push(record);
  to.write((writer) => {
    for (const record of lost) {
      carry(from, writer, { ...record, gone: record.gone ?? at });
      if (record.node.kind === "job") carryExpansion(from, to, writer, formatUrn(record.node));
    }
  });
}

/** Where branches, aliases and stages pointed, for as long as that was seen. Comes before the sync, which goes on from there. */
export function carryLabels(from: LineageIndex, to: LineageIndex): void {
  to.write((writer) => {
    for (const { scope } of from.all<{ scope: string }>("SELECT DISTINCT scope FROM label"))
      for (const { name, target, since, until } of from.labels({ scope })) {
        writer.point(scope, name, target, since);
        if (until !== undefined) writer.point(scope, name, undefined, until);
      }
  });
}

/** A run of which only a card tells is told by the commit that the card lies in, as long as that is there. */
function isLost({ node, rank, gone }: NodeRecord, to: LineageIndex): boolean {
  if (rank === "source") return to.record(formatUrn(node))?.rank !== "source";
  return rank === "told" && gone !== undefined;
}

/** The datums of a job that is gone, and the files that they wrote and read. */
function carryExpansion(from: LineageIndex, to: LineageIndex, writer: IndexWriter, job: Urn): void {
  const name = cursorOfJob(job);
  const cursor = from.cursor(name);
  if (cursor === undefined) return;
  const place = keyOf(job).slice("job:".length);
  const datums = [...from.recordsBeginning(`datum:${place}:`)];
  const written = [...from.recordsBeginning(`file:${place}:`)];
  const read = new Set(datums.flatMap(({ node }) => from.edgesUp(formatUrn(node)).map((edge) => edge.to)));
  for (const record of [...datums, ...written]) carry(from, writer, record);
  for (const urn of read) {
    const record = from.record(urn);
    if (record?.node.kind === "file" && to.record(urn)?.rank !== "source") carry(from, writer, record);
  }
  writer.setCursor(name, cursor);
}

function carry(from: LineageIndex, writer: IndexWriter, record: NodeRecord): void {
  const statement = from.statement(formatUrn(record.node));
  if (statement !== undefined) writer.say({ ...statement, ...record });
}
