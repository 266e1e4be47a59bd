import type { BranchInfo } from "../../pachyderm/generated/pfs_v2/BranchInfo.ts";
import type { Trigger as WireTrigger } from "../../pachyderm/generated/pfs_v2/Trigger.ts";
import { type BranchRow, branchLinks, silentUpstreamBranches, upstreamBranches } from "../pfs/branches.ts";
import { commitById } from "../pfs/commits.ts";
import type { Database } from "../store/database.ts";
import { metadataOf } from "../pfs/metadata.ts";
import { type Trigger, triggerOf } from "../pfs/triggers.ts";
import { fromBranch, fromCommit, toTimestamp } from "./wire.ts";

export function toBranchInfo(db: Database, branch: BranchRow): BranchInfo {
  const trigger = triggerOf(branch);
  return {
    branch: fromBranch(db, branch),
    head: fromCommit(db, commitById(db, branch.head)),
    provenance: branchLinks(db, branch.id, "provenance").map((row) => fromBranch(db, row)),
    subvenance: branchLinks(db, branch.id, "subvenance").map((row) => fromBranch(db, row)),
    direct_provenance: upstreamBranches(db, branch.id).map((row) => fromBranch(db, row)),
    trigger: trigger === undefined ? null : fromTrigger(trigger),
    metadata: metadataOf(branch),
    created_at: toTimestamp(branch.created),
    updated_at: toTimestamp(branch.updated),
    branch_propagation_specs: silentUpstreamBranches(db, branch.id).map((row) => ({
      branch: fromBranch(db, row),
      propagation_spec: { never: true },
    })),
  };
}

function fromTrigger(trigger: Trigger): WireTrigger {
  return {
    branch: trigger.branch,
    all: trigger.all,
    rate_limit_spec: trigger.rateLimitSpec,
    size: trigger.size,
    commits: String(trigger.commits),
    cron_spec: trigger.cronSpec,
  };
}
