import { orAbsent } from "../../lineage/errors.ts";
import type { CommitIdentity, JobIdentity, Urn } from "../../lineage/urn.ts";
import { formatUrn, parseUrn } from "../../lineage/urn.ts";
import type { CommitInfo, JobInfo } from "../../pachyderm/types.ts";
import { mapAtOnce } from "../at-once.ts";
import { commitName, jobName, toCommitNode, toJobNode } from "../nodes.ts";
import { readCommit } from "./commits.ts";
import { readJob } from "./jobs.ts";
import type { Reading } from "./turn.ts";

/** Asks for these commits and jobs again, notes what has changed, and marks those as gone that are there no more. */
export async function refreshThings(reading: Reading, urns: readonly Urn[], at: Date): Promise<void> {
  await mapAtOnce(urns, async (urn) => {
    const identity = parseUrn(urn);
    const isThere =
      identity.kind === "commit"
        ? await refreshCommit(reading, identity)
        : identity.kind === "job"
          ? await refreshJob(reading, identity)
          : true;
    if (!isThere) reading.index.write((writer) => writer.markGone(urn, at));
  });
}

async function refreshCommit(reading: Reading, identity: CommitIdentity): Promise<boolean> {
  const { repo, id } = commitName(identity);
  const info = await orAbsent(reading.source.inspectCommit({ repo, at: id }));
  if (info?.commit.id !== id) return false;
  if (isCommitKnown(reading, identity, info)) return true;
  return (await readCommit(reading, repo, id)) !== undefined;
}

function isCommitKnown({ index }: Reading, identity: CommitIdentity, info: CommitInfo): boolean {
  const record = index.record(formatUrn(identity));
  if (record?.rank !== "source" || record.gone !== undefined || record.node.kind !== "commit") return false;
  const now = toCommitNode(info);
  return record.node.state === now.state && record.node.parent === now.parent && record.node.description === now.description;
}

async function refreshJob(reading: Reading, identity: JobIdentity): Promise<boolean> {
  const name = jobName(identity);
  const info = await orAbsent(reading.source.inspectJob(name));
  if (info === undefined) return false;
  return isJobKnown(reading, identity, info) || (await readJob(reading, name)) !== undefined;
}

function isJobKnown({ index }: Reading, identity: JobIdentity, info: JobInfo): boolean {
  const record = index.record(formatUrn(identity));
  return record?.rank === "source" && record.gone === undefined && record.node.state === toJobNode(info).state;
}
