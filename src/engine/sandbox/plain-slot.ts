import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, mkdir, writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { LineSplitter } from "./line-splitter.ts";
import { removeTree } from "./remove-tree.ts";
import { type Command, type Ended, type RunOptions, type Slot, type SlotOptions, reasonOf } from "./slot.ts";
import { SLOT_VARIABLE, killIfThere, killStrays } from "./strays.ts";

/**
 * A slot on a machine without namespaces. Every /pfs in a command's words, standard input and environment is rewritten, and
 * likewise the folders of secret files; what a program has built in is not.
 */
export class PlainSlot implements Slot {
  readonly pfs: string;
  readonly #options: SlotOptions;
  /** What is rewritten, longest first, and to what. */
  readonly #places: ReadonlyMap<string, string>;
  #hasSecrets = false;

  constructor(options: SlotOptions) {
    this.#options = options;
    this.pfs = join(options.folder, "pfs");
    const secretFolders = [...new Set(options.secretFiles.map(({ folder }) => folder))];
    this.#places = new Map([
      ["/pfs", this.pfs],
      ...secretFolders.map((folder, index): [string, string] => [folder, join(options.folder, "secrets", `${index}`)]),
    ]);
  }

  toText = (text: string): string => {
    const names = [...this.#places.keys()].sort((a, b) => b.length - a.length).map(escaped);
    const pattern = new RegExp(`(?<![\\w.-])(?:${names.join("|")})(?![\\w.-])`, "g");
    return text.replace(pattern, (name) => this.#places.get(name) ?? name);
  };

  async run(command: Command, { signal, onLine }: RunOptions): Promise<Ended> {
    await this.#writeSecrets();
    if (signal.aborted) return { code: 137, reason: reasonOf(signal) };
    const { workingDirectory } = this.#options;
    if (!existsSync(workingDirectory)) return { code: 126, reason: `there is no working folder ${workingDirectory}` };
    const child = this.#spawn(command, onLine);
    const kill = (): void => killGroup(child);
    signal.addEventListener("abort", kill);
    try {
      const code = await this.#ended(child);
      return { code, reason: reasonOf(signal) };
    } catch (error) {
      return { code: 127, reason: `cannot start: ${(error as Error).message}` };
    } finally {
      signal.removeEventListener("abort", kill);
    }
  }

  async close(): Promise<void> {
    killStrays(this.#options.folder);
    await removeTree(this.#options.folder);
  }

  #spawn({ words, stdin, environment }: Command, onLine: (line: string) => void): ChildProcess {
    const [file = "", ...args] = words.map(this.toText);
    const { workingDirectory, account, folder } = this.#options;
    const variables = Object.entries(environment).map(([name, value]) => [name, this.toText(value)]);
    const child = spawn(file, args, {
      cwd: workingDirectory,
      env: { ...Object.fromEntries(variables), STEMMA_PFS_ROOT: this.pfs, [SLOT_VARIABLE]: folder },
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      ...account,
    });
    // A command that ends before it has read all of its input is no error of ours.
    child.stdin.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") onLine(`standard input: ${error.message}`);
    });
    child.stdin.end(this.toText(stdin));
    for (const stream of [child.stdout, child.stderr]) follow(stream, onLine);
    return child;
  }

  /** Resolves when it has ended, what it left running is gone, and its output was read. */
  #ended(child: ChildProcess): Promise<number> {
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      // What it left running holds its pipes: "close" follows when that is killed.
      child.once("exit", () => {
        killGroup(child);
        killStrays(this.#options.folder);
      });
      child.once("close", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
  }

  async #writeSecrets(): Promise<void> {
    if (this.#hasSecrets) return;
    this.#hasSecrets = true;
    const { secretFiles, account } = this.#options;
    for (const { folder, name, content } of secretFiles) {
      const place = this.toText(folder);
      await mkdir(place, { recursive: true });
      await writeFile(join(place, name), content, { mode: 0o400 });
      if (account !== undefined) await chown(join(place, name), account.uid, account.gid);
    }
  }
}

function follow(stream: Readable, onLine: (line: string) => void): void {
  const lines = new LineSplitter(onLine);
  stream.on("data", (bytes: Buffer) => lines.push(bytes)).on("end", () => lines.end());
}

function killGroup(child: ChildProcess): void {
  if (child.pid !== undefined) killIfThere(-child.pid);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
