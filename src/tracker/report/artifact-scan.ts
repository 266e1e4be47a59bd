import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { Item, StoredFile } from "../delivery/items.ts";
import { type FoundArtifact, findArtifacts } from "./artifacts.ts";
import { Complaints } from "./complaints.ts";
import { sha256OfFile } from "./sha256.ts";

/** While the command runs, files that are named like these are not finished. */
const UNFINISHED = /(^|\/)(\.|_temporary(\/|$))|\.(tmp|part|partial|crc|lock)$/;
const AT_A_TIME = 8;

/** A model among the artifacts: a folder with an MLmodel file. */
export interface FoundModel {
  readonly name: string;
  readonly digest: string;
  readonly files: readonly StoredFile[];
}

export interface FoundRest {
  /** What is to be sent now. */
  readonly items: readonly Item[];
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
    return this.#fresh(ready, quiet);
  }

  /** What is left at the end, finished or not. */
  async rest(): Promise<FoundRest> {
    const found = await findArtifacts(this.#folder, this.#complaints);
    const roots = modelRoots(found);
    const plain = found.filter(({ path }) => rootOf(path, roots) === undefined);
    const items = await this.#fresh(plain, this.#complaints);
    const models: FoundModel[] = [];
    for (const root of roots)
      models.push(
        await this.#describeModel(
          root,
          found.filter(({ path }) => rootOf(path, roots) === root),
        ),
      );
    const artifacts = plain.flatMap(({ path }) => this.#sent.get(path)?.file ?? []);
    return { items: [...items, ...models.map((model): Item => ({ kind: "model", ...model }))], artifacts, models };
  }

  async #fresh(artifacts: readonly FoundArtifact[], complaints: Complaints): Promise<Item[]> {
    const changed = artifacts.filter((artifact) => this.#sent.get(artifact.path)?.version !== versionOf(artifact));
    const files = await storeAll(changed, (path) => path);
    const items: Item[] = [];
    changed.forEach((artifact, index) => {
      const file = files[index];
      if (file === undefined) return complaints.add("artifacts", undefined, `${JSON.stringify(artifact.path)} cannot be read`);
      if (this.#sent.get(file.path)?.file.sha256 !== file.sha256) items.push({ kind: "artifact", file });
      this.#sent.set(file.path, { version: versionOf(artifact), file });
    });
    return items;
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

function versionOf({ sizeBytes, modifiedMs }: FoundArtifact): string {
  return `${sizeBytes} ${modifiedMs}`;
}

/** In the same order; undefined for a file that cannot be read. */
async function storeAll(
  artifacts: readonly FoundArtifact[],
  toPath: (path: string) => string,
): Promise<(StoredFile | undefined)[]> {
  const stored: (StoredFile | undefined)[] = [];
  for (let start = 0; start < artifacts.length; start += AT_A_TIME) {
    const part = artifacts.slice(start, start + AT_A_TIME);
    stored.push(...(await Promise.all(part.map((artifact) => store(artifact, toPath(artifact.path))))));
  }
  return stored;
}

async function store({ file, sizeBytes }: FoundArtifact, path: string): Promise<StoredFile | undefined> {
  try {
    return { path, sizeBytes, sha256: await sha256OfFile(file), at: file };
  } catch (error) {
    // It has vanished, or may not be read: the scan at the end tells.
    if ((error as NodeJS.ErrnoException).code !== undefined) return undefined;
    throw error;
  }
}
