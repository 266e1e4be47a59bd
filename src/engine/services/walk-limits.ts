import type { WalkLimits } from "../pfs/links.ts";

/** How far a walk along provenance goes; nothing, or 0, means pachd's own limits. */
export function toWalkLimits(depth: unknown, count: unknown): WalkLimits {
  return { depth: Number(depth ?? 0) || 1000, count: Number(count ?? 0) || 10_000 };
}
