import { join } from "node:path";
import { findHead, findNames, isThere } from "../files.ts";

/** An installed package, by the name that it gives itself. */
export interface Distribution {
  readonly name: string;
  readonly version: string;
}

const HEAD_BYTES = 4096;

/** The Python packages in some folders; where two have the same one, the first folder's counts, as it does to Python. */
export async function readDistributions(folders: readonly string[]): Promise<Distribution[]> {
  const found = await Promise.all(folders.map(readFolder));
  const byName = new Map<string, Distribution>();
  for (const distribution of found.flat()) {
    const name = normalName(distribution.name);
    if (!byName.has(name)) byName.set(name, distribution);
  }
  return [...byName.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, distribution]) => distribution);
}

/** As packages are compared: `Flask_Cors` is `flask-cors`. */
export function normalName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}

async function readFolder(folder: string): Promise<Distribution[]> {
  const names = await findNames(folder);
  const found = await Promise.all(names.map((name) => readDistribution(folder, name)));
  return found.filter((distribution) => distribution !== undefined);
}

async function readDistribution(folder: string, name: string): Promise<Distribution | undefined> {
  if (name.endsWith(".dist-info")) return parseHead(await findHead(join(folder, name, "METADATA"), HEAD_BYTES));
  if (!name.endsWith(".egg-info")) return undefined;
  // Older installers leave a folder or a single file.
  const inside = join(folder, name, "PKG-INFO");
  return parseHead(await findHead((await isThere(inside)) ? inside : join(folder, name), HEAD_BYTES));
}

function parseHead(text: string | undefined): Distribution | undefined {
  const name = /^Name:\s*(\S+)/m.exec(text ?? "")?.[1];
  const version = /^Version:\s*(\S+)/m.exec(text ?? "")?.[1];
  return name === undefined || version === undefined ? undefined : { name, version };
}
