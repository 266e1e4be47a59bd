import { createWriteStream } from "node:fs";
import { mkdir, opendir, readlink, realpath, rm, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { StoredContent } from "./content-store.ts";
import type { Datum } from "./datums.ts";
import { cleanPath } from "./names.ts";
import { resolveCommit } from "./resolve-commit.ts";
import type { EngineState } from "./state.ts";

/** The folders of one datum at work: `pfs` becomes /pfs, `root` is where a namespace may build its root. */
export interface DatumFolder {
  readonly pfs: string;
  readonly root: string;
}

export async function makeDatumFolder(folder: string): Promise<DatumFolder> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, "pfs", "out"), { recursive: true });
  await mkdir(join(folder, "root"));
  return { pfs: join(folder, "pfs"), root: join(folder, "root") };
}

/** Writes copies of what the datum reads; the stored content itself is out of the command's reach. Returns the bytes written. */
export async function download(state: EngineState, datum: Datum, pfs: string): Promise<number> {
  let bytes = 0;
  for (const file of datum.files) {
    const commit = resolveCommit(state.db, { repo: file.repo, branch: undefined, id: file.commit });
    const files = state.files(commit.root);
    const folder = join(pfs, file.input);
    await mkdir(join(folder, file.type === "DIR" ? file.path : dirname(file.path)), { recursive: true });
    const wanted = file.type === "DIR" ? files.files(file.path) : files.at(file.path);
    for (const { path, content } of wanted) {
      if (content === undefined) continue;
      const target = join(folder, path);
      await mkdir(dirname(target), { recursive: true });
      await pipeline(state.content.read(content), createWriteStream(target));
      bytes += content.bytes;
    }
  }
  return bytes;
}

export interface Output {
  readonly path: string;
  readonly content: StoredContent;
}

/** Stores every file under /pfs/out. Throws where one has a name that PFS refuses, or is no file. */
export async function upload(state: EngineState, pfs: string): Promise<Output[]> {
  const out = join(pfs, "out");
  const outputs: Output[] = [];
  for await (const { path, source } of filesIn(out, pfs)) {
    outputs.push({ path: cleanPath(path), content: await state.content.write(createReadStream(source)) });
  }
  return outputs;
}

interface Found {
  /** In the output: absolute, from /pfs/out. */
  readonly path: string;
  /** On this machine. */
  readonly source: string;
}

async function* filesIn(folder: string, pfs: string, prefix = ""): AsyncIterableIterator<Found> {
  for await (const entry of await opendir(folder)) {
    const path = `${prefix}/${entry.name}`;
    const source = entry.isSymbolicLink() ? await linkTarget(join(folder, entry.name), path, pfs) : join(folder, entry.name);
    const info = await stat(source);
    if (info.isDirectory()) yield* filesIn(source, pfs, path);
    else if (info.isFile()) yield { path, source };
    else throw new Error(`output ${path} is no file: sockets, pipes and devices cannot be stored`);
  }
}

/** Where a link in the output leads: below /pfs only, as the command saw it. */
async function linkTarget(link: string, path: string, pfs: string): Promise<string> {
  const text = await readlink(link);
  const inFolder = text.startsWith("/pfs/")
    ? join(pfs, text.slice("/pfs".length))
    : join(text.startsWith("/") ? "" : dirname(link), text);
  const target = await realpath(inFolder).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`output ${path} links to ${text}, which cannot be read (${error.code})`);
  });
  if (relative(await realpath(pfs), target).startsWith(".."))
    throw new Error(`output ${path} links to ${text}, which is outside /pfs`);
  return target;
}
