import { StemmaError } from "../lineage/errors.ts";

const VARIABLE = "MLFLOW_HTTP_REQUEST_TIMEOUT";
const DEFAULT_MS = 60_000;

/** A bucket behind the server takes its time after the last byte of a large file. */
export const ARTIFACT_TIMEOUT_FACTOR = 10;

/** How long one call may take, as MLflow's own variable says in seconds. */
export function timeoutOf(env: Readonly<Record<string, string | undefined>>): number {
  const text = env[VARIABLE] ?? "";
  if (text === "") return DEFAULT_MS;
  const seconds = Number(text);
  if (!(seconds > 0 && seconds * 1000 * ARTIFACT_TIMEOUT_FACTOR < 2 ** 31))
    throw new StemmaError("USAGE", `${VARIABLE} is "${text}", which is no number of seconds.`);
  return seconds * 1000;
}
