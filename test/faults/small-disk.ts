import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineProcess } from "./engine-process.ts";
import { Remote } from "./remote.ts";

/** Whoever is not root is it in a user namespace of his own. */
const UNSHARE = process.getuid?.() === 0 ? ["--mount"] : ["--map-root-user", "--mount"];
const MOUNT = 'mount -t tmpfs -o size="$1"m tmpfs "$2" && shift 2 && exec "$@"';

/** Why this machine cannot be given a small disk; undefined where it can. */
export function smallDiskRefusal(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "stemma-disk-"));
  try {
    execFileSync("unshare", [...UNSHARE, "sh", "-c", MOUNT, "sh", "1", folder, "true"], { stdio: "pipe" });
    return undefined;
  } catch (error) {
    return (error as Error).message.replaceAll("\n", " ");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** An engine whose home is alone on a disk of a few megabytes, in memory. */
export class SmallDiskEngine {
  readonly #engine: EngineProcess;
  readonly #folder: string;

  private constructor(engine: EngineProcess, folder: string) {
    this.#engine = engine;
    this.#folder = folder;
  }

  static async start(mebibytes: number): Promise<{ engine: SmallDiskEngine; remote: Remote }> {
    const folder = await mkdtemp(join(tmpdir(), "stemma-disk-"));
    const process = new EngineProcess({ around: ["unshare", ...UNSHARE, "sh", "-c", MOUNT, "sh", String(mebibytes), folder] });
    await process.loaded();
    const engine = new SmallDiskEngine(process, folder);
    return { engine, remote: await engine.restart() };
  }

  /** The first time starts it. */
  async restart(): Promise<Remote> {
    const address = await this.#engine.start(join(this.#folder, "home"));
    if (address === undefined) throw new Error(`the engine does not start:\n${this.#engine.log}`);
    return new Remote(address);
  }

  get log(): string {
    return this.#engine.log;
  }

  /** Takes all space but so many bytes. */
  fill(leaveBytes: number): void {
    this.free();
    const { bavail, bsize } = statfsSync(this.#disk());
    writeFileSync(this.#filler(), Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes)));
  }

  free(): void {
    rmSync(this.#filler(), { force: true });
  }

  async close(): Promise<void> {
    await this.#engine.kill();
    rmSync(this.#folder, { recursive: true });
  }

  #filler(): string {
    return join(this.#disk(), "filler");
  }

  /** As it is seen from outside of the namespace that it is mounted in. */
  #disk(): string {
    return `/proc/${this.#engine.pid}/root${this.#folder}`;
  }
}
