import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** What Spark wrote of one application: one file, or several in their order. */
export interface SparkLog {
  readonly files: readonly string[];
}

const ROLLING_FOLDER = /^eventlog_v2_/;
const ROLLED_FILE = /^events_(\d+)_/;

/** The logs in a folder, sorted by name. A folder that is not there has none. */
export async function listSparkLogs(folder: string): Promise<readonly SparkLog[]> {
  const entries = await readFolder(folder);
  const logs = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ROLLING_FOLDER.test(entry.name) ? { files: await listRolled(path) } : undefined;
    return entry.isFile() ? { files: [path] } : undefined;
  });
  return (await Promise.all(logs)).filter((log) => log !== undefined);
}

/** The parts of a log that rolls, from the latest one that stands for all before it (a history server makes these). */
async function listRolled(folder: string): Promise<string[]> {
  const parts = (await readFolder(folder))
    .map(({ name }) => ({ name, index: Number(ROLLED_FILE.exec(name)?.[1]), isCompact: name.endsWith(".compact") }))
    .filter(({ index }) => !Number.isNaN(index))
    .sort((one, other) => one.index - other.index);
  const compact = parts.findLast(({ isCompact }) => isCompact);
  const valid = compact === undefined ? parts : parts.filter((part) => part === compact || part.index > compact.index);
  return valid.map(({ name }) => join(folder, name));
}

/** Hidden files are Hadoop's checksums. */
async function readFolder(folder: string) {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter(({ name }) => !name.startsWith(".")).sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
