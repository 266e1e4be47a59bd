import { WALK_LIMITS, type WalkLimits } from "../pfs/branches.ts";

/** How far a walk along provenance goes; nothing, or 0, means pachd's own limits. */
export function toWalkLimits(depth: unknown, count: unknown): WalkLimits {
  return { depth: Number(depth ?? 0) || WALK_LIMITS.depth, count: Number(count ?? 0) || WALK_LIMITS.count };
}
