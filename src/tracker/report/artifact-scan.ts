import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { Item, StoredFile } from "../delivery/items.ts";
import { type FoundArtifact, findArtifacts } from "./artifacts.ts";
import { Complaints } from "./complaints.ts";
import { sha256OfFile } from "./sha256.ts";

/** While the command runs, files that are named like these are not finished. */
const UNFINISHED = /(^|\/)(\.|_temporary(\/|$))|\.(tmp|part|partial|crc|lock)$/;
const AT_A_TIME = 8;
const LARGE_BYTES = 32 * 1024 * 1024;

/** A model among the artifacts: a folder with an MLmodel file. */
export interface FoundModel {
  readonly name: string;
  readonly digest: string;
  readonly files: readonly StoredFile[];
}

export interface FoundRest {
  /** All that is there, sent before or now. */
  readonly artifacts: readonly StoredFile[];
  readonly models: readonly FoundModel[];
}

/** Finds out, again and again, which of the files that a command leaves as artifacts are to be sent. */
export class ArtifactScan {
  readonly #folder: string;
  readonly #complaints: Complaints;
  /** By path, as of the last scan. */
  #seen = new Map<string, string>();
  readonly #sent = new Map<string, { readonly version: string; readonly file: StoredFile }>();

  constructor(folder: string, complaints: Complaints) {
    this.#folder = folder;
    this.#complaints = complaints;
  }

  /** Files that have not changed since the last scan, and were not sent as they are. Those of models wait for the end. */
  async settled(): Promise<Item[]> {
    const quiet = new Complaints(() => {});
    const found = await findArtifacts(this.#folder, quiet);
    const roots = modelRoots(found);
    const before = this.#seen;
    this.#seen = new Map(found.map((artifact) => [artifact.path, versionOf(artifact)]));
    const ready = found.filter(
      (artifact) =>
        before.get(artifact.path) === versionOf(artifact) &&
        !UNFINISHED.test(artifact.path) &&
        rootOf(artifact.path, roots) === undefined,
    );
    const items: Item[] = [];
    await this.#sendFresh(ready, quiet, (item) => items.push(item));
    return items;
  }

  /** What is left at the end, finished or not: each thing is sent as soon as it is known, while others are still read. */
  async rest(send: (item: Item) => void): Promise<FoundRest> {
    const found = await findArtifacts(this.#folder, this.#complaints);
    const roots = modelRoots(found);
    const plain = found.filter(({ path }) => rootOf(path, roots) === undefined);
    await this.#sendFresh(plain, this.#complaints, send);
    const models: FoundModel[] = [];
    for (const root of roots) {
      const files = found.filter(({ path }) => rootOf(path, roots) === root);
      const model = await this.#describeModel(root, files);
      send({ kind: "model", ...model });
      models.push(model);
    }
    return { artifacts: plain.flatMap(({ path }) => this.#sent.get(path)?.file ?? []), models };
  }

  async #sendFresh(artifacts: readonly FoundArtifact[], complaints: Complaints, send: (item: Item) => void): Promise<void> {
    const changed = artifacts.filter((artifact) => this.#sent.get(artifact.path)?.version !== versionOf(artifact));
    for (let start = 0; start < changed.length; start += AT_A_TIME) {
      const part = changed.slice(start, start + AT_A_TIME);
      for (const artifact of part.filter(isLarge))
        send({ kind: "artifact", file: { ...stored(artifact, artifact.path), sha256: "" } });
      const files = await storeAll(part, (path) => path);
      part.forEach((artifact, index) => {
        const file = files[index];
        if (file === undefined) return complaints.add("artifacts", undefined, `${JSON.stringify(artifact.path)} cannot be read`);
        const isNew = this.#sent.get(file.path)?.file.sha256 !== file.sha256;
        if (isNew && !isLarge(artifact)) send({ kind: "artifact", file });
        this.#sent.set(file.path, { version: versionOf(artifact), file });
      });
    }
  }

  async #describeModel(root: string, artifacts: readonly FoundArtifact[]): Promise<FoundModel> {
    const stored = await storeAll(artifacts, (path) => posix.relative(root, path));
    const files = stored.filter((file) => file !== undefined);
    const list = files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join("");
    return { name: modelName(root), digest: createHash("sha256").update(list).digest("hex"), files };
  }
}

/** Folders with an MLmodel file; one within another is a part of that. */
function modelRoots(artifacts: readonly FoundArtifact[]): readonly string[] {
  const folders = artifacts.filter(({ path }) => posix.basename(path) === "MLmodel").map(({ path }) => posix.dirname(path));
  return folders.filter((folder) => !folders.some((other) => other !== folder && isWithin(folder, other)));
}

function rootOf(path: string, roots: readonly string[]): string | undefined {
  return roots.find((root) => isWithin(path, root));
}

function isWithin(path: string, folder: string): boolean {
  return folder === "." || path.startsWith(`${folder}/`);
}

/** MLflow refuses some characters in a model's name. */
function modelName(root: string): string {
  return root === "." ? "model" : root.replaceAll(/[/:.%"']/g, "-");
}

/** Such a file is on its way while its digest is still computed. */
function isLarge({ sizeBytes }: FoundArtifact): boolean {
  return sizeBytes >= LARGE_BYTES;
}

function versionOf({ sizeBytes, modifiedMs }: FoundArtifact): string {
  return `${sizeBytes} ${modifiedMs}`;
}

/** In the same order; undefined for a file that cannot be read. */
async function storeAll(
  artifacts: readonly FoundArtifact[],
  toPath: (path: string) => string,
): Promise<(StoredFile | undefined)[]> {
  const files: (StoredFile | undefined)[] = [];
  for (let start = 0; start < artifacts.length; start += AT_A_TIME) {
    const part = artifacts.slice(start, start + AT_A_TIME);
    files.push(...(await Promise.all(part.map((artifact) => store(artifact, toPath(artifact.path))))));
  }
  return files;
}

function stored({ file, sizeBytes }: FoundArtifact, path: string): Omit<StoredFile, "sha256"> {
  return { path, sizeBytes, at: file };
}

async function store(artifact: FoundArtifact, path: string): Promise<StoredFile | undefined> {
  try {
    return { ...stored(artifact, path), sha256: await sha256OfFile(artifact.file) };
  } catch (error) {
    // It has vanished, or may not be read: the scan at the end tells.
    if ((error as NodeJS.ErrnoException).code !== undefined) return undefined;
    throw error;
  }
}
