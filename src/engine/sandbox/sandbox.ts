import { join, resolve } from "node:path";
import { StemmaError } from "../../lineage/errors.ts";
import { storageFault } from "../store/storage-fault.ts";
import { NamespaceSlot } from "./namespace-slot.ts";
import { PlainSlot } from "./plain-slot.ts";
import type { Slot, SlotOptions } from "./slot.ts";

/** How a machine keeps jobs apart from the engine and from each other, strongest first. */
export type SandboxKind = "user" | "mount" | "rewrite";

export interface Sandbox {
  readonly kind: SandboxKind;
  /** For the log: what is used, and why nothing stronger. */
  readonly description: string;
  readonly openSlot: (options: SlotOptions) => Slot;
}

const DESCRIPTIONS = {
  user: "jobs run in user, process and mount namespaces",
  mount: "jobs run in process and mount namespaces, with a container's rights",
  rewrite: "jobs run without namespaces: /pfs is rewritten, and the engine's files are protected by their permissions only",
} satisfies Record<SandboxKind, string>;

/**
 * Chooses the strongest sandbox that this machine allows, found out by running a command in it. The wish may name a kind to
 * begin with (`STEMMA_SANDBOX`); "namespace" and nothing mean all. Throws USAGE for another word.
 */
export async function chooseSandbox(wish: string | undefined, home: string): Promise<Sandbox> {
  const refusals: string[] = [];
  for (const kind of kindsFrom(wish)) {
    const openSlot = opener(kind, home);
    const refusal = await tryOut(openSlot, home);
    const because = refusals.length === 0 ? "" : ` (${refusals.join("; ")})`;
    if (refusal === undefined) return { kind, openSlot, description: DESCRIPTIONS[kind] + because };
    refusals.push(refusal);
  }
  throw new StemmaError("FAILED", `no command can be started: ${refusals.join("; ")}`);
}

function kindsFrom(wish: string | undefined): SandboxKind[] {
  const kinds = Object.keys(DESCRIPTIONS) as SandboxKind[];
  const first = wish === undefined || wish === "" || wish === "namespace" ? 0 : kinds.indexOf(wish as SandboxKind);
  if (first === -1) throw new StemmaError("USAGE", `STEMMA_SANDBOX is "${wish}"; it can be ${kinds.join(", ")}.`);
  return kinds.slice(first);
}

function opener(kind: SandboxKind, home: string): Sandbox["openSlot"] {
  return (options) => {
    const absolute = { ...options, folder: resolve(options.folder) };
    return kind === "rewrite"
      ? new PlainSlot(absolute)
      : new NamespaceSlot(absolute, { withUsers: kind === "user", hidden: home });
  };
}

/** Why a command cannot be run in such a slot; undefined when it can. */
async function tryOut(openSlot: Sandbox["openSlot"], home: string): Promise<string | undefined> {
  const slot = openSlot({
    folder: join(home, "work", "trial"),
    workingDirectory: "/",
    account: undefined,
    secretFiles: [],
  });
  try {
    const command = { words: ["true"], stdin: "", environment: { PATH: process.env["PATH"] ?? "" } };
    const { code, reason } = await slot.run(command, { signal: new AbortController().signal, onLine: () => undefined });
    return code === 0 && reason === "" ? undefined : reason || `exit code ${code}`;
  } catch (error) {
    // A disk that is full says nothing about the sandbox, and is no reason for a weaker one.
    return storageFault(error) === undefined ? (error as Error).message : undefined;
  } finally {
    await slot.close();
  }
}
