/** `import { track } from "stemma"`: what programs may use. Here, as in the command line's main.ts, `process` is read. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, relative, sep } from "node:path";
import { StemmaError } from "./lineage/errors.ts";
import { toRecordOptions } from "./tracker/library-options.ts";
import type { TrackOptions, TrackedWork } from "./tracker/library-types.ts";
import { userName } from "./tracker/user.ts";

export { StemmaError } from "./lineage/errors.ts";
export type { ErrorCode } from "./lineage/errors.ts";
export type { ChildOptions, MetricDetails, Scalar, TrackOptions, TrackedRun, TrackedWork } from "./tracker/library-types.ts";

/**
 * Calls a function with an MLflow run around it, as `stemma track` runs a command, and passes on what it returns or throws.
 * The run is FINISHED when it returns, FAILED when it throws, KILLED when it throws after `options.signal` has aborted.
 */
export async function track<Value>(options: TrackOptions, work: TrackedWork<Value>): Promise<Value> {
  if (typeof work !== "function") throw new StemmaError("USAGE", "track(options, work): the work is no function.");
  const [{ findMlflow }, { trackWork }] = await Promise.all([import("./cli/find-mlflow.ts"), import("./tracker/library.ts")]);
  const { env } = process;
  const cwd = process.cwd();
  const runs = findMlflow(env, cwd, options.mlflow);
  const say = options.say ?? ((line) => process.stderr.write(`stemma: ${line}\n`));
  const ports = {
    runs,
    connectJobSource: async (address: string | undefined) => {
      const { findPachyderm } = await import("./cli/find-pachyderm.ts");
      return findPachyderm(env, cwd, address);
    },
    say,
    now: () => new Date(),
    newKey: randomUUID,
  };
  const { command, programName } = ownCommand(cwd);
  const caller = {
    command,
    programName,
    cwd,
    env,
    user: userName(env),
    version: ownVersion(),
    trackingUri: runs.uri,
  };
  return trackWork(ports, toRecordOptions(options, caller), work);
}

/** As it was given to the shell, as far as it can be told; there is no script with `node --eval`. */
function ownCommand(cwd: string): { command: readonly string[]; programName: string } {
  const { argv0, execArgv, argv } = process;
  const [, script, ...words] = argv;
  if (script === undefined) return { command: [argv0, ...execArgv], programName: basename(argv0) };
  const shown = script.startsWith(`${cwd}${sep}`) ? relative(cwd, script) : script;
  return { command: [argv0, ...execArgv, shown, ...words], programName: basename(script) };
}

function ownVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return manifest.version;
}
