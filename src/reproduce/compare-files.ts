import type { FileInfo } from "../pachyderm/types.ts";
import { isChecksum, isWrittenAnew, lastingPath } from "./by-nature.ts";

/** How two sets of files compare. */
export interface FileComparison {
  /** How many have the same path and the same bytes. */
  readonly same: number;
  /** How many have the same content under a name, or with times and ids, that differ each time. */
  readonly sameByNature: number;
  /** How many checksums were left out. */
  readonly checksums: number;
  /** By path. */
  readonly different: readonly { readonly path: string; readonly expected: string; readonly found: string }[];
}

/** Tells what lasts of a file that has other bytes each time. */
export type ReadLasting = (side: "expected" | "found", file: FileInfo) => Promise<string>;

/** Holds files against each other: by path and hash, then what is left by what of names and texts lasts. */
export async function compareFiles(
  expected: readonly FileInfo[],
  found: readonly FileInfo[],
  readLasting: ReadLasting,
): Promise<FileComparison> {
  const ones = new Map(found.map((file) => [file.path, file]));
  const same = new Set(expected.filter(({ path, hash }) => ones.get(path)?.hash === hash).map(({ path }) => path));
  const isLeft = (file: FileInfo): boolean => !same.has(file.path);
  const [left, right] = [expected.filter(isLeft), found.filter(isLeft)];
  const checksums = left.filter(isChecksum).length;
  const a = await byLasting(left, "expected", readLasting);
  const b = await byLasting(right, "found", readLasting);
  const { paired, different } = pair(a, b);
  return { same: same.size, sameByNature: paired, checksums, different };
}

interface Lasting {
  readonly file: FileInfo;
  /** What is the same for equal content. */
  readonly content: string;
}

type ByPath = ReadonlyMap<string, readonly Lasting[]>;

async function byLasting(files: readonly FileInfo[], side: "expected" | "found", readLasting: ReadLasting): Promise<ByPath> {
  const lasting = files
    .filter((file) => !isChecksum(file))
    .map(async (file) => ({ file, content: isWrittenAnew(file) ? await readLasting(side, file) : file.hash }));
  return Map.groupBy(await Promise.all(lasting), ({ file }) => lastingPath(file.path));
}

/** Takes from both sides what is equal, one for one, and says what is left. */
function pair(a: ByPath, b: ByPath): { readonly paired: number; readonly different: FileComparison["different"] } {
  const different: { path: string; expected: string; found: string }[] = [];
  let paired = 0;
  for (const path of [...new Set([...a.keys(), ...b.keys()])].sort()) {
    const rest = [...(b.get(path) ?? [])];
    const unmatched = (a.get(path) ?? []).filter(({ content }) => {
      const index = rest.findIndex((other) => other.content === content);
      if (index === -1) return true;
      rest.splice(index, 1);
      paired += 1;
      return false;
    });
    for (let index = 0; index < Math.max(unmatched.length, rest.length); index += 1) {
      const [one, other] = [unmatched[index]?.file, rest[index]?.file];
      different.push({ path: (one ?? other)?.path ?? path, expected: describe(one), found: describe(other) });
    }
  }
  return { paired, different };
}

function describe(file: FileInfo | undefined): string {
  return file === undefined ? "no such file" : `${file.sizeBytes} bytes, hash ${file.hash}`;
}
