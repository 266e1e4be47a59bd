import type { EngineLog } from "../engine-log.ts";
import type { Runner } from "../runner.ts";
import type { Secrets } from "../pps/secrets.ts";
import type { EngineState } from "../state.ts";
import type { UrlAccess } from "../urls/access.ts";
import type { Changes } from "./changes.ts";
import type { Adapter } from "../rpc.ts";

/** What the handlers of the services work with. */
export interface Parts {
  readonly state: EngineState;
  readonly secrets: Secrets;
  readonly runner: Runner;
  readonly engineLog: EngineLog;
  /** Which URLs clients may have read and written. */
  readonly urls: UrlAccess;
  readonly rpc: Adapter;
  readonly changes: Changes;
}

/** The answer of calls that have none. */
export const EMPTY = {};
