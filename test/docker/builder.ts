import { rmSync, lstatSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";

/** A folder of this machine for each path that is to show it. */
type Mounts = Readonly<Record<string, string>>;

interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly WorkingDir: string;
  readonly Entrypoint?: readonly string[];
  readonly Cmd: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
}

/** What buildah knows of an image. */
interface Image {
  readonly OCIv1: {
    readonly config: ImageConfig;
    readonly rootfs: { readonly diff_ids: readonly string[] };
    readonly history: readonly { readonly created_by?: string; readonly empty_layer?: boolean }[];
  };
}

export interface Layer {
  /** Not compressed. */
  readonly sizeBytes: number;
  /** The instruction that made it. */
  readonly by: string;
}

/** What a command in a container printed, and how it ended. */
export interface Ran {
  readonly exitCode: number | undefined;
  readonly out: string;
  readonly err: string;
}

/** buildah, with all that it stores in one folder. */
export class Builder {
  readonly #store: string;
  readonly #options: readonly string[];

  constructor(folder: string) {
    this.#store = join(folder, "store");
    this.#options = ["--storage-driver", "vfs", "--root", this.#store, "--runroot", join(folder, "run")];
  }

  /** Makes an image of a Debian with nothing in it. `look` sees its files. */
  async makeBase(tag: string, mirror: string | undefined, look: (root: string) => Promise<void>): Promise<void> {
    const container = await this.#buildah("from", "scratch");
    const root = await this.#buildah("mount", container);
    const debootstrap = ["debootstrap", "--variant=minbase", "bookworm", root, ...(mirror === undefined ? [] : [mirror])];
    // In namespaces of its own, so that no mount is left if it fails.
    await execa("unshare", ["--mount", ...debootstrap]);
    for (const cache of ["var/cache/apt/archives", "var/lib/apt/lists"]) rmSync(join(root, cache), { recursive: true });
    await look(root);
    await this.#buildah("commit", "--rm", container, tag);
  }

  /** Builds a Dockerfile with these build arguments. `mounts` are there during the build only. */
  async build(tag: string, dockerfile: string, context: string, args: Readonly<Record<string, string>>, mounts: Mounts) {
    const given = Object.entries(args).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]);
    const options = ["--isolation", "chroot", "--layers", "--format", "docker", ...given, ...volumes(mounts)];
    await this.#buildah("bud", ...options, "--file", dockerfile, "--tag", tag, context);
  }

  async config(tag: string): Promise<ImageConfig> {
    return (await this.#inspect(tag)).config;
  }

  /** From the base upwards, without those of instructions that change no file. */
  async layers(tag: string): Promise<Layer[]> {
    const { rootfs, history } = await this.#inspect(tag);
    const stored = JSON.parse(await readFile(join(this.#store, "vfs-layers/layers.json"), "utf8")) as {
      readonly "diff-digest"?: string;
      readonly "diff-size"?: number;
    }[];
    const filled = history.filter((each) => each.empty_layer !== true);
    return rootfs.diff_ids.map((digest, index) => ({
      sizeBytes: stored.find((layer) => layer["diff-digest"] === digest)?.["diff-size"] ?? Number.NaN,
      by: filled[index]?.created_by ?? "",
    }));
  }

  /** A container of an image, in which commands can be run. */
  async open(tag: string): Promise<Container> {
    const id = await this.#buildah("from", "--pull=never", tag);
    return new Container(id, await this.#buildah("mount", id), this.#options);
  }

  async #inspect(tag: string): Promise<Image["OCIv1"]> {
    return (JSON.parse(await this.#buildah("inspect", "--type", "image", tag)) as Image).OCIv1;
  }

  async #buildah(...args: string[]): Promise<string> {
    const { stdout } = await execa("buildah", [...this.#options, ...args]);
    return stdout;
  }
}

/** A container: the image's files, its user, its variables and its working folder. */
export class Container {
  readonly #id: string;
  readonly #root: string;
  readonly #options: readonly string[];

  constructor(id: string, root: string, options: readonly string[]) {
    this.#id = id;
    this.#root = root;
    this.#options = options;
  }

  /** Whether there is anything at a path; links are not followed. */
  has(path: string): boolean {
    return lstatSync(join(this.#root, path), { throwIfNoEntry: false }) !== undefined;
  }

  /** Runs a command, with this machine's network. */
  async run(
    command: readonly string[],
    { mounts = {}, env = {} }: { readonly mounts?: Mounts; readonly env?: Readonly<Record<string, string>> } = {},
  ): Promise<Ran> {
    const variables = Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
    const options = [
      "run",
      "--isolation",
      "chroot",
      "--hostname",
      "localhost",
      ...volumes(mounts),
      ...variables,
      this.#id,
      "--",
      ...command,
    ];
    const { exitCode, stdout, stderr } = await execa("buildah", [...this.#options, ...options], {
      reject: false,
      stdin: "ignore",
    });
    return { exitCode, out: stdout, err: stderr };
  }
}

function volumes(mounts: Mounts): string[] {
  return Object.entries(mounts).flatMap(([path, folder]) => ["--volume", `${folder}:${path}`]);
}
