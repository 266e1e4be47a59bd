import { existsSync, readFileSync, readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { type Mount, lockedOptions, parseMounts, placesOf } from "./mount-table.ts";
import { quoted } from "./shell-words.ts";

/** What of this machine a root is made of. */
export interface Machine {
  readonly root: readonly MachineEntry[];
  readonly devices: readonly MachineEntry[];
  readonly mounts: readonly Mount[];
  readonly exists: (path: string) => boolean;
}

interface MachineEntry {
  readonly name: string;
  readonly kind: "folder" | "file" | "link";
}

export interface RootPlaces {
  /** An empty folder, on which the root is built. */
  readonly root: string;
  /** The folder that is to be /pfs. */
  readonly pfs: string;
  /** The file in which the script finds its list of mounts. */
  readonly table: string;
  /** A folder that nothing in the root shows. */
  readonly hidden: string;
}

/** Something of the machine's that the root shows, or that is made for it. */
interface View {
  readonly path: string;
  readonly source: string;
  readonly type: string;
  readonly options: readonly string[];
  /** What is made in the root to mount it on; nothing where a mount before it brings the place. */
  readonly place: "folder" | "file" | "none";
}

/** In the root these are its own, not the machine's. */
const OWN = new Set(["dev", "pfs", "proc", "run"]);
/** Where no program of a pipeline has any business to write: what it left there would be run outside, by somebody else. */
const READ_ONLY = new Set(["bin", "boot", "etc", "lib", "lib32", "lib64", "libx32", "sbin", "sys", "usr"]);
/** Ways into the kernel that ask who owns the file, and not what the process may do. */
const KERNEL_SETTINGS = ["bus", "fs", "irq", "sys", "sysrq-trigger"];
/** No disks, no memory. */
const DEVICES = /^(null|zero|full|random|urandom|tty|nvidia.*|dri|kfd)$/;
/** What looking up a host's address needs. The sockets in /run lead to services that start processes outside. */
const OF_RUN = ["systemd/resolve", "resolvconf", "NetworkManager"];

export function thisMachine(): Machine {
  return {
    root: entriesOf("/"),
    devices: entriesOf("/dev").filter(({ name, kind }) => kind !== "link" && DEVICES.test(name)),
    mounts: parseMounts(readFileSync("/proc/self/mountinfo", "utf8")),
    exists: existsSync,
  };
}

function entriesOf(folder: string): MachineEntry[] {
  return readdirSync(folder, { withFileTypes: true }).map((entry) => ({
    name: entry.name,
    kind: entry.isSymbolicLink() ? "link" : entry.isDirectory() ? "folder" : "file",
  }));
}

/** The list of mounts, in the form of /etc/fstab, that the root's script applies. */
export function rootTable(machine: Machine, places: RootPlaces): string {
  return views(machine, places)
    .map(
      ({ source, path, type, options }) =>
        `${escaped(source)} ${escaped(join(places.root, path))} ${type} ${options.join(",")} 0 0\n`,
    )
    .join("");
}

/**
 * The shell commands that build a root in a mount namespace of their own and move into it: the machine's folders, with /pfs, a
 * /proc that shows the namespace's processes only, and a /dev without disks. The root itself is in memory, so that nothing is
 * written to the machine's; the hidden folder is covered wherever it can be seen.
 */
export function rootScript(machine: Machine, places: RootPlaces): string {
  const at = (path: string): string => quoted(join(places.root, path));
  const placed = (kind: View["place"]): string[] =>
    views(machine, places)
      .filter(({ place }) => place === kind)
      .map(({ path }) => at(path));
  const links = machine.root.filter(({ kind, name }) => kind === "link" && !OWN.has(name)).map(({ name }) => quoted(`/${name}`));
  const hidden = placesOf(machine.mounts, realpathSync(places.hidden)).filter((path) => machine.exists(path));
  return [
    "set -e",
    `mount -t tmpfs -o mode=755 none ${quoted(places.root)}`,
    `mkdir -p ${at("/run")} ${placed("folder").join(" ")}`,
    ...placed("file").map((file) => `: > ${file}`),
    ...(links.length > 0 ? [`cp -P ${links.join(" ")} ${quoted(places.root)}`] : []),
    `mount -a -T ${quoted(places.table)}`,
    ...machine.mounts
      .filter(({ path, options }) => path.startsWith("/sys/") && !options.includes("ro"))
      .map(
        ({ path, options }) => `mount -o ${["remount,bind", ...options.with(options.indexOf("rw"), "ro")].join(",")} ${at(path)}`,
      ),
    ...hidden.map((path) => `if [ -d ${at(path)} ]; then mount -t tmpfs -o ro,size=4k,mode=000 none ${at(path)}; fi`),
    `cd ${quoted(places.root)}`,
    "ln -s /proc/self/fd dev/fd; ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr; ln -s pts/ptmx dev/ptmx",
    "pivot_root . .",
    "umount -l .",
    "cd /",
  ].join("\n");
}

function views(machine: Machine, { root, pfs }: RootPlaces): View[] {
  const { mounts, exists } = machine;
  const shown = machine.root.filter(({ name, kind }) => kind !== "link" && !OWN.has(name));
  const settings = KERNEL_SETTINGS.map((name) => `/proc/${name}`).filter(exists);
  const ofRun = OF_RUN.map((name) => `/run/${name}`).filter(exists);
  return [
    ...shown.map(({ name, kind }) => {
      const readOnly = READ_ONLY.has(name) ? ["ro", ...lockedOptions(mounts, `/${name}`)] : [];
      return bind(`/${name}`, kind === "folder" ? "folder" : "file", [kind === "folder" ? "rbind" : "bind", ...readOnly]);
    }),
    { path: "/proc", source: "proc", type: "proc", options: ["nosuid", "nodev", "noexec"], place: "folder" },
    ...settings.map((path) => bind(path, "none", ["bind", "ro", "nosuid", "nodev", "noexec"], join(root, path))),
    ...machine.devices.map(({ name, kind }) => bind(`/dev/${name}`, kind === "folder" ? "folder" : "file", ["bind"])),
    {
      path: "/dev/pts",
      source: "devpts",
      type: "devpts",
      options: ["newinstance", "ptmxmode=0666", "mode=620"],
      place: "folder",
    },
    { path: "/dev/shm", source: "shm", type: "tmpfs", options: ["mode=1777", "nosuid", "nodev"], place: "folder" },
    ...ofRun.map((path) => bind(path, "folder", ["bind", "ro", ...lockedOptions(mounts, path)])),
    bind("/pfs", "folder", ["bind", "nosuid", "nodev", ...lockedOptions(mounts, pfs)], pfs),
  ];
}

function bind(path: string, place: View["place"], options: readonly string[], source = path): View {
  return { path, source, type: "none", options, place };
}

function escaped(path: string): string {
  return path.replace(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
}
