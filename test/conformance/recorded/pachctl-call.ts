import { parseArgs } from "node:util";
import type { Commit } from "../../../src/pachyderm/generated/pfs_v2/Commit.ts";
import type { Repo } from "../../../src/pachyderm/generated/pfs_v2/Repo.ts";
import type { Method, Pachd } from "../pachd.ts";
import { raw, table } from "./pachctl-print.ts";

/** Said by pachctl itself. */
export class UsageError extends Error {}

interface Parsed {
  /** The arguments that are no options. */
  readonly names: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
}

export interface Call extends Parsed {
  readonly pachd: Pachd;
  readonly cwd: string;
  readonly input: string;
  readonly print: (text: string) => void;
  /** Prints to standard error. */
  readonly warn: (text: string) => void;
}

export interface Command {
  readonly parse: (args: readonly string[]) => Parsed;
  readonly run: (call: Call) => Promise<void>;
}

export const TEXT = { type: "string" } as const;
export const FLAG = { type: "boolean" } as const;
const COMMON = { project: { ...TEXT, default: "default" }, raw: FLAG };

export function command(
  run: Command["run"],
  options: Readonly<Record<string, { type: "string" | "boolean"; short?: string }>> = {},
): Command {
  return {
    parse: (args) => {
      const { positionals, values } = parseArgs({ args: [...args], options: { ...COMMON, ...options }, allowPositionals: true });
      return { names: positionals, options: values };
    },
    run,
  };
}

export function repoOf({ options }: Call, name = ""): Repo & { name: string; type: string; project: { name: string } } {
  const [, base = "", type = "user"] = /^(.*?)(?:\.(user|meta|spec))?$/.exec(name) ?? [];
  return { name: base, type, project: { name: String(options["project"]) } };
}

/** `repo@branch`, `repo@id` or `repo@branch^2`, as pachctl sends them. */
export function commitOf(call: Call, reference = ""): Commit {
  const [name = "", at = ""] = reference.split("@");
  const repo = repoOf(call, name);
  if (/^[0-9a-f]{32}$/.test(at) || /[~^.]/.test(at)) return { repo, id: at };
  return { repo, branch: { repo, name: at } };
}

export function branchOf(call: Call, reference = ""): { repo: Repo; name: string } {
  const [name = "", branch = ""] = reference.split("@");
  if (/[^\w-]/.test(branch) || /^[0-9a-f]{32}$/.test(branch))
    throw new UsageError(`invalid branch "${reference}": cannot specify a commit or ancestry`);
  return { repo: repoOf(call, name), name: branch };
}

export function fileOf(call: Call, reference = ""): { commit: Commit; path: string } {
  const [, commit = "", path = ""] = /^([^:]*):?(.*)$/.exec(reference) ?? [];
  return { commit: commitOf(call, commit), path: path || "/" };
}

export function pipelineOf({ options }: Call, name = ""): { name: string; project: { name: string } } {
  return { name, project: { name: String(options["project"]) } };
}

export function jobOf(call: Call, reference = ""): { pipeline: ReturnType<typeof pipelineOf>; id: string } {
  const [name = "", id = ""] = reference.split("@");
  return { pipeline: pipelineOf(call, name), id };
}

export function printRaw(call: Call, messages: readonly unknown[]): void {
  call.print(messages.map(raw).join(""));
}

/** In --raw each message, else a table of them. */
export function show<T>(
  call: Call,
  messages: readonly T[],
  heads: readonly string[],
  row: (message: T) => readonly string[],
): void {
  if (call.options["raw"]) printRaw(call, messages);
  else call.print(table(heads, messages.map(row)));
}

let transaction = "";

/** The transaction that was started and is not ended yet, as pachctl keeps it in its configuration. */
export function activeTransaction(): { id: string } {
  if (transaction === "") throw new UsageError("no active transaction");
  return { id: transaction };
}

export function setTransaction(id: string): void {
  transaction = id;
}

/** A call that pachctl makes within the active transaction, if there is one. */
export async function change<Request, Reply>(call: Call, method: Method<Request, Reply>, request: Request): Promise<Reply> {
  const reply = await call.pachd.call(method, request, transaction === "" ? {} : { "pach-transaction": transaction });
  if (transaction !== "") call.print(`Added to transaction: ${transaction}\n`);
  return reply;
}
