import { syncPachyderm } from "../../src/collect/pachyderm-sync.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import { longHistory } from "./story.ts";

/** Syncs an index (file) with a long history, and says a line after each batch: to be killed in the middle. */
const [file = "", length = ""] = process.argv.slice(2);
using index = new LineageIndex(file);
await syncPachyderm(index, longHistory(Number(length)), { onProgress: (text) => process.stdout.write(`${text}\n`) });
