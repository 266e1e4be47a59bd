import type { JobLog } from "../pps/job-log.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { Secrets } from "../pps/secrets.ts";
import type { EngineState } from "../state.ts";
import type { UrlAccess } from "../urls/access.ts";

/** What all jobs of an engine use. */
export interface JobTools {
  readonly state: EngineState;
  readonly secrets: Secrets;
  readonly sandbox: Sandbox;
  /** Where output may be written to. */
  readonly urls: UrlAccess;
  readonly logs: JobLog;
  /** Where commands run whose spec names no folder, as an image's own working folder does. */
  readonly workingDirectory: string;
  /** What every job inherits. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where a program can ask for the next datum, and hears that its datums are not batched. */
  readonly workerPort: number;
}
