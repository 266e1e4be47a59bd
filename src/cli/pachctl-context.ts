import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { StemmaError } from "../lineage/errors.ts";

/** How pachctl reaches its server, as `pachctl connect` and `pachctl auth login` have left it. */
export interface PachctlContext {
  readonly address: string;
  readonly token: string | undefined;
  /** PEM of the authorities that vouch for the server. */
  readonly ca: Buffer | undefined;
}

/** The part of pachctl's configuration that says where its server is. */
interface Config {
  readonly v2?: {
    readonly active_context?: string;
    readonly contexts?: Readonly<Record<string, StoredContext>>;
  };
}

interface StoredContext {
  readonly pachd_address?: string;
  readonly session_token?: string;
  readonly server_cas?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The context of $PACH_CONTEXT, else the active one, of $PACH_CONFIG, else of ~/.pachyderm/config.json. Undefined where
 * there is none, or it names no address. Throws USAGE for a file that is not pachctl's.
 */
export function findPachctlContext(env: Environment): PachctlContext | undefined {
  const file = env["PACH_CONFIG"] || (env["HOME"] && join(env["HOME"], ".pachyderm", "config.json"));
  if (!file || !existsSync(file)) return undefined;
  const { v2 } = read(file);
  const stored = v2?.contexts?.[env["PACH_CONTEXT"] || v2.active_context || ""];
  if (!stored?.pachd_address) return undefined;
  return {
    address: stored.pachd_address,
    token: stored.session_token || undefined,
    ca: stored.server_cas ? Buffer.from(stored.server_cas, "base64") : undefined,
  };
}

function read(file: string): Config {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Config;
  } catch (cause) {
    throw new StemmaError("USAGE", `${file} is no configuration of pachctl: ${(cause as Error).message}.`, {
      hint: "Repair it, or name the server with --pachd HOST:PORT or PACHD_ADDRESS.",
      cause,
    });
  }
}
