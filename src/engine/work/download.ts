import { createWriteStream } from "node:fs";
import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { StoredContent } from "../store/content-store.ts";
import { ofFile } from "../files/damaged-file.ts";
import type { Datum, DatumFile } from "../pps/datums.ts";
import type { Hold } from "../store/hold.ts";
import { repoText } from "../pfs/names.ts";
import { resolveCommit } from "../pfs/resolve-commit.ts";
import { removeTree } from "../sandbox/remove-tree.ts";
import { runTool } from "../sandbox/system-tool.ts";
import type { UserAccount } from "../sandbox/user-account.ts";
import type { EngineState } from "../state.ts";
import { LazyFiles } from "./lazy-files.ts";

/** What a datum reads, where its commands find it. */
export interface Download {
  /** Each file by its path in /pfs, `/<input>/…`. */
  readonly files: ReadonlyMap<string, StoredContent>;
  readonly lazy: LazyFiles;
  /** What was written or has been fed so far. */
  bytes(): number;
}

const SMALL_BYTES = 1024 * 1024;

/** Empties the folder that commands know as /pfs, whatever the ones before have left in it, and makes /pfs/out. */
export async function clearFolder(pfs: string): Promise<void> {
  await mkdir(pfs, { recursive: true });
  await chmod(pfs, 0o755);
  for (const name of await readdir(pfs)) await removeTree(join(pfs, name));
  await mkdir(join(pfs, "out"));
}

/** Writes copies of what a datum reads: the stored content itself is out of the commands' reach. */
export async function download(state: EngineState, datum: Datum, pfs: string, hold: Hold): Promise<Download> {
  const folders = new Set<string>();
  const files = new Map<string, StoredContent>();
  const pipes = new Map<string, StoredContent>();
  const lazy = new LazyFiles(state.content);
  let written = 0;
  const makeFolder = async (folder: string): Promise<void> => {
    if (folders.has(folder)) return;
    folders.add(folder);
    await mkdir(folder, { recursive: true });
  };
  for (const file of datum.files) {
    await makeFolder(join(pfs, file.input));
    for (const { path, content } of filesOf(state, file, hold)) {
      const target = join(pfs, file.input, path);
      await makeFolder(dirname(target));
      files.set(`/${file.input}${path}`, content);
      if (file.lazy) pipes.set(target, content);
      else if (file.emptyFiles) await writeFile(target, "");
      else {
        await writeContent(
          ofFile({ path, of: `${repoText(file.repo)}@${file.commit}` }, state.content.read(content)),
          content.bytes,
          target,
        );
        written += content.bytes;
      }
    }
  }
  await lazy.make(pipes);
  return { files, lazy, bytes: () => written + lazy.bytes };
}

/** Makes the folder and all that is in it a user's, which runs the commands. */
export async function giveTo({ uid, gid }: UserAccount, pfs: string): Promise<void> {
  await runTool("chown", ["-R", `${uid}:${gid}`, pfs]);
}

function* filesOf(state: EngineState, file: DatumFile, hold: Hold): IterableIterator<{ path: string; content: StoredContent }> {
  const { root } = resolveCommit(state.db, { repo: file.repo, branch: undefined, id: file.commit });
  hold.keep(root);
  for (const { path, content } of state.files(root).walk(file.path)) if (content !== undefined) yield { path, content };
}

async function writeContent(pieces: AsyncIterable<Uint8Array>, bytes: number, target: string): Promise<void> {
  if (bytes > SMALL_BYTES) return pipeline(pieces, createWriteStream(target));
  await writeFile(target, await Array.fromAsync(pieces));
}
