import { execa } from "execa";

/** A command as it is really started. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly stdin: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
}

/** How a job's command finds its data under /pfs. */
export interface Sandbox {
  readonly kind: "namespace" | "rewrite";
  /** `pfs` is the datum's own folder that is to be /pfs; `hidden` is a folder that the command must not see. */
  wrap(launch: Launch, folders: { readonly pfs: string; readonly root: string; readonly hidden: string }): Launch;
}

/**
 * Runs in a mount namespace of its own: /pfs is the datum's folder, for this command and its children only. Where the machine
 * has no /pfs to mount on, the command gets a root in which everything of the machine's root is mounted, and /pfs besides: so
 * nothing is written outside the engine's home. The stored content is covered by an empty, read-only folder.
 */
const ENTER = `
set -e
pfs=$1 root=$2 hidden=$3 directory=$4
shift 4
if [ -d /pfs ]; then
  mount --bind "$pfs" /pfs
  mount -t tmpfs -o ro,size=4k none "$hidden"
  cd "$directory"
  exec "$@"
fi
mount -t tmpfs -o mode=755 none "$root"
for entry in /* /.[!.]*; do
  if [ -L "$entry" ]; then cp -P "$entry" "$root$entry"
  elif [ -d "$entry" ]; then mkdir "$root$entry"; mount --rbind "$entry" "$root$entry"
  elif [ -e "$entry" ]; then : > "$root$entry"; mount --bind "$entry" "$root$entry"
  fi
done
mkdir "$root/pfs"
mount --bind "$pfs" "$root/pfs"
mount -t tmpfs -o ro,size=4k none "$root$hidden"
exec chroot "$root" /bin/sh -c 'cd "$0" && exec "$@"' "$directory" "$@"
`;

function unshareArguments(): string[] {
  const isRoot = process.getuid?.() === 0;
  return ["--mount", "--propagation", "private", ...(isRoot ? [] : ["--map-root-user"])];
}

const NAMESPACE: Sandbox = {
  kind: "namespace",
  wrap: (launch, { pfs, root, hidden }) => ({
    ...launch,
    file: "unshare",
    args: [
      ...unshareArguments(),
      "/bin/sh",
      "-c",
      ENTER,
      "enter",
      pfs,
      root,
      hidden,
      launch.workingDirectory,
      launch.file,
      ...launch.args,
    ],
  }),
};

/** Where there are no mount namespaces: every /pfs in the arguments, the standard input and the environment is rewritten. */
const REWRITE: Sandbox = {
  kind: "rewrite",
  wrap: (launch, { pfs }) => {
    const rewrite = (text: string): string => text.replace(/(?<![\w.-])\/pfs(?![\w.-])/g, () => pfs);
    return {
      ...launch,
      args: launch.args.map(rewrite),
      stdin: rewrite(launch.stdin),
      environment: {
        ...Object.fromEntries(Object.entries(launch.environment).map(([name, value]) => [name, rewrite(value)])),
        STEMMA_PFS_ROOT: pfs,
      },
    };
  },
};

/** Mount namespaces where this machine allows them, found out by making one; `STEMMA_SANDBOX=rewrite` goes without. */
export async function chooseSandbox(wish: string | undefined): Promise<Sandbox> {
  if (wish === "rewrite") return REWRITE;
  const trial = await execa("unshare", [...unshareArguments(), "mount", "-t", "tmpfs", "none", "/tmp"], { reject: false });
  return trial.exitCode === 0 ? NAMESPACE : REWRITE;
}
