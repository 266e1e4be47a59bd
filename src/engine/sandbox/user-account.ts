import { readFileSync } from "node:fs";
import { refused } from "../fault.ts";

/** Whom commands run as. */
export interface UserAccount {
  readonly uid: number;
  readonly gid: number;
  /** Its home folder, where the machine knows one. */
  readonly home: string | undefined;
}

/**
 * The account that a spec's `user` means: a name or number of this machine's, or UID:GID. Undefined where it is the engine's
 * own, or the spec has none. Throws where the engine may not take it on, or there is none of that name.
 */
export function findAccount(
  user: string,
  passwd = readFileSync("/etc/passwd", "utf8"),
  own = process.getuid?.(),
): UserAccount | undefined {
  if (user === "") return undefined;
  const account = parse(user, passwd);
  if (account === undefined) throw refused(`this machine has no user "${user}"`);
  if (account.uid === own) return undefined;
  if (own !== 0) throw refused(`commands can run as the user "${user}" only where the engine runs as root`);
  return account;
}

function parse(user: string, passwd: string): UserAccount | undefined {
  for (const line of passwd.split("\n")) {
    const [name, , uid = "", gid = "", , home] = line.split(":");
    if (name !== "" && (name === user || uid === user)) return { uid: Number(uid), gid: Number(gid), home };
  }
  const [, uid, gid = uid] = /^(\d{1,9})(?::(\d{1,9}))?$/.exec(user) ?? [];
  return uid === undefined ? undefined : { uid: Number(uid), gid: Number(gid), home: undefined };
}
