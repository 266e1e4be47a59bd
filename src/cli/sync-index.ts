import type { Sources } from "../collect/ports.ts";
import type { SyncReport } from "../collect/sync.ts";
import { sync } from "../collect/sync.ts";
import type { LineageIndex } from "../lineage/store/lineage-index.ts";
import type { Context } from "./context.ts";
import { StatusLine } from "./status-line.ts";

/** Reads what is new into the index, and says on a terminal how far that is. */
export async function syncIndex(
  context: Context,
  index: LineageIndex,
  sources: Sources,
  { full }: { readonly full?: boolean | undefined } = {},
): Promise<SyncReport> {
  let progress = "reading what is new";
  using status = new StatusLine(context, () => progress);
  return await sync(index, sources, {
    full,
    signal: context.signal,
    onProgress: (text) => {
      progress = text;
      status.show();
    },
  });
}
