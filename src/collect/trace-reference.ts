import type { Node } from "../lineage/graph.ts";
import type { Reference } from "../lineage/reference.ts";
import type { Trace } from "../lineage/walk.ts";
import { mergeTraces, walk } from "../lineage/walk.ts";
import type { Sources } from "./ports.ts";
import { openRecords } from "./records.ts";
import { remoteLineage } from "./remote-lineage.ts";
import { resolveReference } from "./resolve-reference.ts";

/** Resolves a reference and answers what it came from, what came out of it, or both. */
export async function traceReference(sources: Sources, reference: Reference, direction: Trace["direction"]): Promise<Trace> {
  const root = await resolveReference(reference, sources);
  const source = remoteLineage(openRecords(sources), startsFine(root) ? "file" : "commit");
  if (direction !== "both") return walk(source, root, { direction });
  return mergeTraces(await walk(source, root, { direction: "up" }), await walk(source, root, { direction: "down" }));
}

/** A walk from a commit or job goes from commit to commit; one from what is smaller stays among files as long as datums tell. */
function startsFine({ kind }: Node): boolean {
  return kind === "file" || kind === "datum" || kind === "run";
}
