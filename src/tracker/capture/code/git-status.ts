/** What `git status --porcelain=v2 --branch -z` tells; its paths are from the top of the checkout. */
export interface GitStatus {
  /** Absent before the first commit. */
  readonly commit: string | undefined;
  /** Absent when none is checked out. */
  readonly branch: string | undefined;
  /** The path of each file that was changed; of one that was moved, the path before, too. */
  readonly changed: readonly (readonly string[])[];
  /** A folder of which git knows nothing is one entry. */
  readonly untracked: readonly string[];
}

/** How many words stand before the path, by an entry's kind: changed, moved, in conflict. */
const WORDS_BEFORE_PATH: Readonly<Record<string, number>> = { "1": 8, "2": 9, u: 10 };

/** Reads the entries of a status, which NUL characters end. */
export function parseGitStatus(text: string): GitStatus {
  const heads = new Map<string, string>();
  const changed: string[][] = [];
  const untracked: string[] = [];
  const entries = text.split("\0").values();
  for (const entry of entries) {
    const words = entry.split(" ");
    const [kind = "", name = ""] = words;
    if (kind === "#") heads.set(name, words.slice(2).join(" "));
    if (kind === "?") untracked.push(entry.slice(2));
    const before = WORDS_BEFORE_PATH[kind];
    if (before === undefined) continue;
    const path = words.slice(before).join(" ");
    // The path before is an entry of its own.
    changed.push(kind === "2" ? [path, entries.next().value ?? ""] : [path]);
  }
  return {
    commit: unless("(initial)", heads.get("branch.oid")),
    branch: unless("(detached)", heads.get("branch.head")),
    changed,
    untracked,
  };
}

function unless(none: string, value: string | undefined): string | undefined {
  return value === none ? undefined : value;
}
