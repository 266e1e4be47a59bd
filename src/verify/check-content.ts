import { StemmaError } from "../lineage/errors.ts";
import { formatUrn } from "../lineage/urn.ts";
import type { CommitName, FileInfo } from "../pachyderm/types.ts";
import { isHashShared, readContent } from "./content-hash.ts";
import { type Finding, finding } from "./finding.ts";
import type { Lookups } from "./lookups.ts";

/** Content that was read already, in whichever commit: by its hash and size. */
export type SeenContent = Set<string>;

/** Reads a file of a commit and holds its bytes against what Pachyderm says of them. */
export async function checkContent(
  look: Lookups,
  commit: CommitName,
  file: FileInfo,
  seen: SeenContent,
): Promise<readonly Finding[]> {
  const key = `${file.hash} ${file.sizeBytes}`;
  if (seen.has(key)) return [];
  const found = await problemOf(look, commit, file);
  if (found === undefined) {
    seen.add(key);
    return [];
  }
  const { project, name: repo, type } = commit.repo;
  const at = formatUrn({ kind: "file", project, repo, type, commit: commit.id, path: file.path });
  return [finding("content-damaged", at, { expected: `${file.sizeBytes} bytes, hash ${file.hash}`, found })];
}

async function problemOf(look: Lookups, commit: CommitName, file: FileInfo): Promise<string | undefined> {
  const query = { repo: commit.repo, at: commit.id };
  try {
    const { sizeBytes, hash } = await look.ask("pachyderm", () => readContent(look.sources.pachyderm.readFile(query, file.path)));
    if (sizeBytes !== file.sizeBytes) return `${sizeBytes} bytes`;
    if (hash === file.hash) return undefined;
    if (isHashShared(sizeBytes)) return `hash ${hash}`;
    return await ownCheck(look, commit, file);
  } catch (error) {
    if (error instanceof StemmaError && (error.code === "INTEGRITY" || error.code === "FAILED")) return error.message;
    throw error;
  }
}

/** Of a large file only its server knows how the hash is made: so its own check of the store has to tell. */
async function ownCheck(look: Lookups, { repo, id }: CommitName, { path }: FileInfo): Promise<string | undefined> {
  const damages = await look.damages();
  return (
    damages.find((text) => text.includes(id) && text.includes(repo.name) && text.includes(path)) ??
    damages.find((text) => text.includes(" more)"))
  );
}
