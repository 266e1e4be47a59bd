import type { Readable } from "node:stream";
import type { MlflowClient } from "../mlflow/client.ts";
import type { PachydermClient } from "../pachyderm/client.ts";

/** What a command may use of the world outside. Built in main.ts, and by tests. */
export interface Context {
  /** Results: what a pipe reads. */
  readonly out: (text: string) => void;
  /** Results as bytes; resolves when the reader has room for more. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Everything else: progress, warnings, errors. */
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: Readable;
  /** Shows a text of any length on the terminal, a page at a time. Absent where nobody sits. */
  readonly page?: ((text: string) => Promise<void>) | undefined;
  readonly stdout: { readonly isTTY: boolean; readonly columns: number | undefined };
  /** Ends when the user presses Ctrl-C or the process is asked to end. */
  readonly signal: AbortSignal;
  /** stemma's own. */
  readonly version: string;
  /** Connects to --pachd, $PACHD_ADDRESS, or the engine that `stemma up` started. Throws USAGE or UNREACHABLE with a hint. */
  readonly pachyderm: (address?: string) => Promise<PachydermClient>;
  /** Connects to --mlflow, $MLFLOW_TRACKING_URI, or the server that `stemma up` started. The signal ends calls under way. */
  readonly mlflow: (uri?: string, signal?: AbortSignal) => Promise<MlflowClient>;
}
