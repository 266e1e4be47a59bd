import type { CommitIdentity } from "../lineage/urn.ts";
import type { CommitName } from "../pachyderm/types.ts";
import { commitIdentity } from "./nodes.ts";

/**
 * The commit that a datum's file lay in, among those that its job used. A datum names another one of the same repo when its job
 * skipped it (it tells what the job saw that worked on it), and when the commit set has none of its own there (it tells the
 * set's id). A job uses at most one commit of a repo: Pachyderm refuses a pipeline that two branches of one lead to.
 */
export function commitAsSeen(name: CommitName, used: readonly CommitIdentity[]): CommitIdentity {
  const { repo, id } = name;
  const ofRepo = used.filter((each) => each.project === repo.project && each.repo === repo.name && each.type === repo.type);
  return ofRepo.find((each) => each.id === id) ?? ofRepo[0] ?? commitIdentity(name);
}
