/** A mount of this machine, as /proc/self/mountinfo has it. */
export interface Mount {
  /** The file system that it shows, as the kernel numbers it. */
  readonly device: string;
  /** The folder of that file system that is seen at `path`. */
  readonly root: string;
  readonly path: string;
  readonly options: readonly string[];
}

/** What a mount inside a namespace must keep of a mount outside; the kernel refuses to drop them. */
const LOCKED_OPTIONS = new Set(["nosuid", "nodev", "noexec", "noatime", "nodiratime"]);

/** Parses /proc/self/mountinfo; a later mount lies over an earlier one. */
export function parseMounts(text: string): Mount[] {
  return text
    .split("\n")
    .map((line) => line.split(" "))
    .filter((fields) => fields.length > 5)
    .map(([, , device = "", root = "", path = "", options = ""]) => ({
      device,
      root: unescaped(root),
      path: unescaped(path),
      options: options.split(","),
    }));
}

/** The options that a read-only view of what is at a path must have. */
export function lockedOptions(mounts: readonly Mount[], path: string): string[] {
  return (mountOf(mounts, path)?.options ?? []).filter((option) => LOCKED_OPTIONS.has(option));
}

/** Every place where a folder can be seen: its own path, and those where its file system, or a part of it, is mounted too. */
export function placesOf(mounts: readonly Mount[], folder: string): string[] {
  const own = mountOf(mounts, folder);
  if (own === undefined) return [folder];
  const inside = joined(own.root, below(own.path, folder) ?? "");
  const others = mounts
    .filter((mount) => mount !== own && mount.device === own.device)
    .flatMap((mount) => {
      const rest = below(mount.root, inside);
      if (rest !== undefined) return [joined(mount.path, rest)];
      return below(inside, mount.root) === undefined ? [] : [mount.path];
    });
  return [...new Set([folder, ...others])];
}

function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  return mounts.reduce<Mount | undefined>(
    (best, mount) => (below(mount.path, path) !== undefined && mount.path.length >= (best?.path.length ?? 0) ? mount : best),
    undefined,
  );
}

/** The rest of a path below a folder: "" for the folder itself, undefined for what is not in it. */
function below(folder: string, path: string): string | undefined {
  if (path === folder) return "";
  const prefix = folder.endsWith("/") ? folder : `${folder}/`;
  return path.startsWith(prefix) ? path.slice(prefix.length) : undefined;
}

function joined(folder: string, rest: string): string {
  if (rest === "") return folder;
  return folder.endsWith("/") ? folder + rest : `${folder}/${rest}`;
}

function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
