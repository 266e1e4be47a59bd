import { writeFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { removeTree } from "./remove-tree.ts";
import { type RootPlaces, rootScript, rootTable, thisMachine } from "./root-script.ts";
import { secretScript } from "./secret-files.ts";
import { quoted } from "./shell-words.ts";
import { type Command, type Ended, type RunOptions, type Slot, type SlotOptions, reasonOf } from "./slot.ts";
import { SHELL, Supervisor, SupervisorEnded } from "./supervisor.ts";

export interface Isolation {
  /** Whether there is a user namespace too. Then not even root reaches a process or a disk outside. */
  readonly withUsers: boolean;
  /** The engine's own folder, which commands do not see. */
  readonly hidden: string;
}

/** What a container's root may do, without making devices. Mounting, tracing and the like are gone for good. */
const CAPABILITIES = [
  "chown",
  "dac_override",
  "fowner",
  "fsetid",
  "kill",
  "net_bind_service",
  "setfcap",
  "setgid",
  "setuid",
  "sys_chroot",
];
/** Every id stands for itself: files look the same inside as outside. */
const ALL_IDS = "0 0 4294967295";

/** A slot in namespaces of its own, which are made when the first command runs, and again when a command was killed. */
export class NamespaceSlot implements Slot {
  readonly pfs: string;
  readonly #options: SlotOptions;
  readonly #isolation: Isolation;
  #supervisor: Supervisor | undefined;

  constructor(options: SlotOptions, isolation: Isolation) {
    this.#options = options;
    this.#isolation = isolation;
    this.pfs = join(options.folder, "pfs");
  }

  toText = (text: string): string => text;

  async run(command: Command, { signal, onLine }: RunOptions): Promise<Ended> {
    const stop = (): void => void this.#supervisor?.kill();
    signal.addEventListener("abort", stop);
    try {
      this.#supervisor ??= await this.#start();
      if (signal.aborted) stop();
      // What unshare says of its own end is no line of the command's.
      const listen = (line: string): void => (signal.aborted && line.startsWith("unshare: ") ? undefined : onLine(line));
      return { code: await this.#supervisor.run(this.#commands(command), listen), reason: reasonOf(signal) };
    } catch (error) {
      if (!(error instanceof SupervisorEnded)) throw error;
      this.#supervisor = undefined;
      return { code: 137, reason: reasonOf(signal) || error.message };
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  async close(): Promise<void> {
    await this.#supervisor?.kill();
    await removeTree(this.#options.folder);
  }

  async #start(): Promise<Supervisor> {
    const { folder, secretFiles, account } = this.#options;
    const { withUsers, hidden } = this.#isolation;
    const places: RootPlaces = { root: join(folder, "root"), pfs: this.pfs, table: join(folder, "mounts"), hidden };
    await Promise.all([mkdir(places.root, { recursive: true }), mkdir(places.pfs, { recursive: true })]);
    const machine = thisMachine();
    await writeFile(places.table, rootTable(machine, places));
    return Supervisor.start({
      words: ["setpriv", "--pdeathsig", "KILL", ...unshareWords(withUsers), "sh"],
      onStart: (pid) => withUsers && mapIds(pid),
      script: [rootScript(machine, places), secretScript(secretFiles, account), `exec ${confined()} ${SHELL}`].join("\n"),
    });
  }

  #commands({ words, stdin, environment }: Command): string {
    const { workingDirectory, account } = this.#options;
    const variables = Object.entries(environment).map(([name, value]) => quoted(`${name}=${value}`));
    const start = [
      ...(account === undefined
        ? []
        : ["setpriv", `--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups", "--inh-caps=-all"]),
      "/usr/bin/env",
      "-i",
      ...variables,
      ...words.map(quoted),
    ].join(" ");
    const run = `(exec 2>&4 4>&-; cd ${quoted(workingDirectory)} || exit 126; exec ${start})`;
    return stdin === "" ? `${run} < /dev/null` : `printf %s ${quoted(stdin)} | ${run}`;
  }
}

function unshareWords(withUsers: boolean): string[] {
  return ["unshare", ...(withUsers ? ["--user"] : []), "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"];
}

/** Gives the namespace its ids from outside: all of them where the engine is root, else only its own, as root of the namespace. */
function mapIds(pid: number): void {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  if (uid !== 0) writeFileSync(`/proc/${pid}/setgroups`, "deny");
  writeFileSync(`/proc/${pid}/uid_map`, uid === 0 ? ALL_IDS : `0 ${uid} 1`);
  writeFileSync(`/proc/${pid}/gid_map`, uid === 0 ? ALL_IDS : `0 ${gid} 1`);
}

/**
 * What takes the rights away that building the root needed: a root keeps a container's, and any other user is itself again. The
 * wish to die with the process outside is told anew: the kernel drops it where a process gets rights, as the shell just did.
 */
function confined(): string {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const kept = CAPABILITIES.map((name) => `+${name}`).join(",");
  return uid === 0
    ? `setsid setpriv --pdeathsig KILL --bounding-set=-all,${kept} --inh-caps=-all`
    : `unshare --user --map-user=${uid} --map-group=${gid} setsid setpriv --pdeathsig KILL`;
}
