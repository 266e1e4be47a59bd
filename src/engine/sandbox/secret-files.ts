import { quoted } from "./shell-words.ts";
import type { UserAccount } from "./user-account.ts";

/** A file that the commands of one job see, and nothing on this machine's disk. */
export interface SecretFile {
  readonly folder: string;
  readonly name: string;
  readonly content: Uint8Array;
}

/**
 * Mounts a folder in memory, also where there is no such folder on the machine: then the nearest one above it is replaced by
 * one in memory that shows what is in it, so that nothing is made on the machine itself.
 */
const PLACE = `
place() {
  above=$1
  while [ ! -d "$above" ]; do above=\${above%/*}; above=\${above:-/}; done
  if [ "$above" != "$1" ] && [ "$above" != / ]; then
    mkdir /.above
    mount --rbind "$above" /.above
    mount -t tmpfs -o mode=755 none "$above"
    for entry in /.above/* /.above/.[!.]*; do
      if [ -L "$entry" ]; then cp -P "$entry" "$above"
      elif [ -d "$entry" ]; then mkdir "$above/\${entry##*/}"; mount --rbind "$entry" "$above/\${entry##*/}"
      elif [ -e "$entry" ]; then : > "$above/\${entry##*/}"; mount --bind "$entry" "$above/\${entry##*/}"
      fi
    done
    umount -l /.above
    rmdir /.above
  fi
  mkdir -p "$1"
  mount -t tmpfs -o mode=755,nosuid,nodev,noexec none "$1"
}`;

/** The shell commands that put the files where the job's commands, and they alone, can read them. */
export function secretScript(files: readonly SecretFile[], owner: UserAccount | undefined): string {
  const byFolder = Map.groupBy(files, ({ folder }) => folder);
  if (byFolder.size === 0) return "";
  const lines = [...byFolder].flatMap(([folder, inside]) => folderLines(folder, inside, owner));
  return ["(", "umask 022", PLACE, ...lines, ")"].join("\n");
}

function folderLines(folder: string, files: readonly SecretFile[], owner: UserAccount | undefined): string[] {
  const paths = files.map(({ name }) => quoted(`${folder}/${name}`)).join(" ");
  return [
    `place ${quoted(folder)}`,
    ...files.map(({ name, content }) => `printf %b ${quoted(octal(content))} > ${quoted(`${folder}/${name}`)}`),
    `chmod 0400 ${paths}`,
    owner === undefined ? "" : `chown ${owner.uid}:${owner.gid} ${paths}`,
    `mount -o remount,bind,ro,nosuid,nodev,noexec ${quoted(folder)}`,
  ];
}

function octal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\0${byte.toString(8).padStart(3, "0")}`).join("");
}
