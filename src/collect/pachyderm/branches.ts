import type { Label } from "../../lineage/store/lineage-index.ts";
import type { CommitIdentity, Urn } from "../../lineage/urn.ts";
import { formatUrn, parseUrn } from "../../lineage/urn.ts";
import type { BranchInfo, RepoName } from "../../pachyderm/types.ts";
import { commitIdentity, commitName } from "../nodes.ts";
import { listAll } from "../remote.ts";
import { readCommit } from "./commits.ts";
import type { Turn } from "./turn.ts";

/** Reads where a repo's branches point. Its commits are read before. */
export async function syncBranches(turn: Turn, repo: RepoName): Promise<void> {
  const { index, source } = turn;
  const scope = scopeOf(repo);
  const branches = await listAll(source.listBranches(repo));
  const before = index.labels({ scope }).filter(({ until }) => until === undefined);
  index.write((writer) => {
    for (const { branch, head } of branches) {
      const target = head === undefined ? undefined : formatUrn(commitIdentity(head));
      writer.point(scope, branch.name, target, target === undefined ? turn.at : pointedSince(turn, before, branch.name, target));
    }
    const names = new Set(branches.map(({ branch }) => branch.name));
    for (const { name } of before) if (!names.has(name)) writer.point(scope, name, undefined, turn.at);
  });
  const lost = before.filter((label) => isLost(turn, label, branches));
  for (const { target } of lost) await checkDownwards(turn, target);
}

/** Ends the labels of a repo that is there no more. */
export function endBranches({ index, at }: Turn, repo: Pick<RepoName, "project" | "name">): void {
  const scope = scopeOf(repo);
  index.write((writer) => {
    for (const { name, until } of index.labels({ scope })) if (until === undefined) writer.point(scope, name, undefined, at);
  });
}

/** A new commit moves its branch when it is started. A branch that was moved by hand was seen to be so only now. */
function pointedSince({ index, at }: Turn, before: readonly Label[], name: string, target: Urn): Date {
  const started = index.record(target)?.since;
  const last = before.find((label) => label.name === name)?.since;
  return started !== undefined && (last === undefined || started > last) ? started : at;
}

/** True when a branch's old head is no ancestor of its new one: it may have been removed. */
function isLost({ index }: Turn, { name, target }: Label, branches: readonly BranchInfo[]): boolean {
  const now = branches.find(({ branch }) => branch.name === name)?.head;
  if (now === undefined) return true;
  const since = index.record(target)?.since;
  let urn: Urn | undefined = formatUrn(commitIdentity(now));
  while (urn !== undefined && urn !== target) {
    const record = index.record(urn);
    if (record?.node.kind !== "commit" || (since !== undefined && record.since !== undefined && record.since < since))
      return true;
    urn = record.node.parent === undefined ? undefined : formatUrn({ ...identityOf(urn), id: record.node.parent });
  }
  return urn === undefined;
}

/** Asks for a commit, and for those before it as long as they are gone. */
async function checkDownwards(turn: Turn, head: Urn): Promise<void> {
  let urn: Urn | undefined = head;
  while (urn !== undefined) {
    const { repo, id } = commitName(identityOf(urn));
    if ((await readCommit(turn, repo, id)) !== undefined) return;
    const gone: Urn = urn;
    turn.index.write((writer) => writer.markGone(gone, turn.at));
    turn.doubt(gone);
    const record = turn.index.record(gone)?.node;
    urn =
      record?.kind === "commit" && record.parent !== undefined
        ? formatUrn({ ...identityOf(gone), id: record.parent })
        : undefined;
  }
}

function identityOf(urn: Urn): CommitIdentity {
  const identity = parseUrn(urn);
  if (identity.kind !== "commit") throw new Error(`${urn} is no commit`);
  return identity;
}

function scopeOf({ project, name }: Pick<RepoName, "project" | "name">): string {
  return `branch:${project}/${name}`;
}
