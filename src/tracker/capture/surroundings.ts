import type { Environment } from "../ports.ts";
import { type GitState, readDiff } from "./code/git.ts";
import { type Host, readHost } from "./machine/host.ts";
import { readPackages } from "./software/packages.ts";
import type { Redactor } from "./secrets/redact.ts";
import { readVersions } from "./software/runtimes.ts";
import { type Script, readScript } from "./code/script.ts";

/** The code that a command ran, as far as it can be told. */
export interface CapturedCode {
  readonly git?: (GitState & { readonly diff?: string | undefined }) | undefined;
  readonly script?: Script | undefined;
}

/** What it ran on and with. */
export interface CapturedEnvironment {
  readonly host: Host;
  /** Of python, java, spark, node and stemma, as far as the command uses them. */
  readonly versions: Readonly<Record<string, string>>;
  /** Installed packages: how many, and the artifact that lists them. */
  readonly packages?: { readonly source: string; readonly count: number; readonly artifact: string } | undefined;
  readonly lockFiles: readonly { readonly path: string; readonly sha256: string }[];
}

export interface Surroundings {
  readonly code: CapturedCode;
  readonly environment: CapturedEnvironment;
  readonly tags: Readonly<Record<string, string>>;
  /** To be kept as artifacts. */
  readonly texts: readonly { readonly path: string; readonly text: string }[];
}

export interface SurroundingsOptions {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Environment;
  readonly git: GitState | undefined;
  readonly redactor: Redactor;
  readonly version: string;
}

const DIFF = "code/diff.patch";
const PACKAGES = "environment/packages.txt";

/** Looks around, while the command runs: code, packages, versions, machine. */
export async function captureSurroundings(options: SurroundingsOptions): Promise<Surroundings> {
  const { command, cwd, env, git, redactor, version } = options;
  const [diff, script, packages, versions, host] = await Promise.all([
    git?.dirty === true ? readDiff(cwd, redactor) : undefined,
    readScript(command, cwd),
    readPackages(command, cwd, env),
    readVersions(command, cwd, env),
    readHost(),
  ]);
  const list = packages?.list === "" ? undefined : packages;
  const texts = [
    ...(diff === undefined ? [] : [{ path: DIFF, text: diff.text }]),
    ...(list === undefined ? [] : [{ path: PACKAGES, text: list.list }]),
  ];
  return {
    code: { git: git === undefined ? undefined : { ...git, diff: diff === undefined ? undefined : DIFF }, script },
    environment: {
      host,
      versions: { ...versions, stemma: version },
      packages: list && { source: list.source, count: list.list.split("\n").filter(Boolean).length, artifact: PACKAGES },
      lockFiles: packages?.lockFiles ?? [],
    },
    tags: scriptTags(script),
    texts,
  };
}

function scriptTags(script: Script | undefined): Record<string, string> {
  return script === undefined ? {} : { "stemma.script": script.path, "stemma.script_sha256": script.sha256 };
}
