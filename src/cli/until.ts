import type { Node } from "../lineage/graph.ts";
import { formatUrn } from "../lineage/urn.ts";
import { findKind } from "./arguments.ts";
import type { LineageSession } from "./lineage-session.ts";

/** Where a walk shall stop: at things of a kind, or at one thing, with all that lies in it. Rejects as `resolve` does. */
export async function untilOf(session: LineageSession, text: string, asOf: Date | undefined): Promise<(node: Node) => boolean> {
  const kind = findKind(text);
  if (kind !== undefined) return (node) => node.kind === kind;
  const end = await session.resolve(text, asOf);
  const urn = formatUrn(end);
  return (node) =>
    formatUrn(node) === urn || (node.kind === "file" && formatUrn({ ...node, kind: "commit", id: node.commit }) === urn);
}
