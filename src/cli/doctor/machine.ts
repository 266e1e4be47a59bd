import { constants } from "node:fs";
import { access, mkdtemp, rmdir, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LineageIndex } from "../../lineage/store/lineage-index.ts";
import { formatBytes } from "../table.ts";
import { type Finding, failed } from "./finding.ts";

const NODE_MAJOR = 24;
const LITTLE_BYTES = 1024 ** 3;

export function checkNode(version: string): Finding {
  const seen = { what: "Node", detail: version };
  if (Number(version.split(".")[0]) >= NODE_MAJOR) return { ...seen, state: "ok" };
  return { ...seen, state: "warn", advice: `It is made for Node ${NODE_MAJOR} or newer: run it with npx, which brings one.` };
}

/** Whether things can be kept in the state folder, or, before there is one, where it would be made. */
export async function checkStateFolder(folder: string, { write }: { readonly write: boolean }): Promise<Finding> {
  const what = "state folder";
  const place = await nearestFolder(folder);
  const problem = await whyNotWritable(place, write, "folder");
  if (problem !== undefined)
    return { state: "fail", what, detail: `${folder}: ${problem}`, advice: "Make it writable, or name another in STEMMA_HOME." };
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const seen = { what, detail: `${folder}${place === folder ? "" : " (not made yet)"}, ${formatBytes(free)} free` };
  if (free >= LITTLE_BYTES) return { ...seen, state: "ok" };
  return { ...seen, state: "warn", advice: "Make room: the engine keeps all data there, or name another in STEMMA_HOME." };
}

/** Whether the index of all lineage can be opened and written. Without one nothing is made. */
export async function checkIndex(file: string, { write }: { readonly write: boolean }): Promise<Finding> {
  const what = "index";
  if ((await kindOf(file)) === undefined) {
    const problem = await whyNotWritable(await nearestFolder(dirname(file)), write, "folder");
    if (problem === undefined) return { state: "ok", what, detail: `${file} (not made yet: the first question makes it)` };
    return { state: "fail", what, detail: `${file}: ${problem}`, advice: "Name another with STEMMA_INDEX." };
  }
  const problem = await whyNotWritable(file, false, "file");
  if (problem !== undefined)
    return { state: "fail", what, detail: `${file}: ${problem}`, advice: "Name another with STEMMA_INDEX." };
  try {
    using index = new LineageIndex(file);
    if (write) index.write(() => undefined);
    return { state: "ok", what, detail: file };
  } catch (error) {
    return failed(what, error, "");
  }
}

/** The folder itself, or the first thing above it that is there. */
async function nearestFolder(folder: string): Promise<string> {
  const above = dirname(folder);
  return (await kindOf(folder)) !== undefined || above === folder ? folder : nearestFolder(above);
}

async function kindOf(path: string): Promise<"file" | "folder" | undefined> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Tries it where it may: rights alone do not tell of a disk that is full or mounted for reading. */
async function whyNotWritable(path: string, write: boolean, wanted: "file" | "folder"): Promise<string | undefined> {
  const isFolder = (await kindOf(path)) === "folder";
  if (isFolder !== (wanted === "folder")) return `${path} is no ${wanted}`;
  try {
    if (write && isFolder) await rmdir(await mkdtemp(join(path, ".stemma-doctor-")));
    else await access(path, constants.W_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return `cannot be written (${code})`;
  }
}
