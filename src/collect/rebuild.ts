import { randomUUID } from "node:crypto";
import { existsSync, renameSync, rmSync } from "node:fs";
import { StemmaError } from "../lineage/errors.ts";
import { copyImports } from "../lineage/import/import-openlineage.ts";
import { LineageIndex } from "../lineage/store/lineage-index.ts";
import type { Sources } from "./ports.ts";
import { carryLabels, carryTombstones } from "./rebuild/carry-over.ts";
import type { SyncOptions, SyncReport } from "./sync-options.ts";
import { sync } from "./sync.ts";

export interface RebuildReport extends SyncReport {
  /** False when the old index was none that this version can read: then what only it knew is lost. */
  readonly carriedOver: boolean;
}

/**
 * Makes an index anew from its sources and puts it in place of the old one in a moment, with what only that one knew: things that are gone,
 * where labels pointed, and what was imported. Rejects with UNREACHABLE, and the old one stays, when a source cannot be asked.
 */
export async function rebuild(file: string, sources: Sources, options: SyncOptions = {}): Promise<RebuildReport> {
  const fresh = `${file}.${randomUUID()}`;
  try {
    const report = await buildBeside(file, fresh, sources, options);
    // A reader of the old file keeps it until it closes it. Its log must not be taken for the new file's.
    removeLog(file);
    renameSync(fresh, file);
    return report;
  } finally {
    removeDatabase(fresh);
  }
}

async function buildBeside(file: string, fresh: string, sources: Sources, options: SyncOptions): Promise<RebuildReport> {
  using index = new LineageIndex(fresh);
  using old = openOld(file);
  if (old !== undefined) carryLabels(old, index);
  const report = await sync(index, sources, { ...options, full: true });
  const [gap] = report.gaps;
  if (gap !== undefined) throw new StemmaError("UNREACHABLE", `${gap.why}.`, { hint: "The index is as it was." });
  if (old !== undefined) {
    carryTombstones(old, index, report.at);
    copyImports(old, index);
  }
  index.sqlite.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  return { ...report, carriedOver: old !== undefined || !existsSync(file) };
}

/** The index as it is, if there is one that can be read. */
function openOld(file: string): LineageIndex | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return new LineageIndex(file);
  } catch (error) {
    // Of another version, or damaged: that is what a rebuild is for.
    if (error instanceof StemmaError) return undefined;
    throw error;
  }
}

function removeDatabase(file: string): void {
  rmSync(file, { force: true });
  removeLog(file);
}

function removeLog(file: string): void {
  rmSync(`${file}-wal`, { force: true });
  rmSync(`${file}-shm`, { force: true });
}
