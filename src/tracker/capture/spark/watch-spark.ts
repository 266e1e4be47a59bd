import { pathToFileURL } from "node:url";
import type { Environment } from "../../ports.ts";
import { readSparkSettings, type SparkCommand, type SparkSettings } from "./settings.ts";

/** How to have Spark write its event log, or why that is left alone. */
export type SparkWatch =
  | { readonly env: Environment }
  /** A sentence without its period. */
  | { readonly env?: undefined; readonly reason: string };

/**
 * What to add to a command's environment, so that each Spark it starts in client mode writes its events into a folder, which must
 * exist: Spark ends where it does not. The user's own settings win, and when the log goes elsewhere by them, nothing is added.
 * What a program sets in its code, or a script on its own command lines, cannot be seen: then the folder stays empty.
 */
export async function watchSpark(command: SparkCommand, folder: string): Promise<SparkWatch> {
  const reason = whyElsewhere(await readSparkSettings(command));
  return reason === undefined ? { env: sparkEnvironment(command.env, folder) } : { reason };
}

/** Java options reach Spark where nobody gives a command line, and yield to --conf and to spark-defaults.conf. */
function sparkEnvironment(env: Environment, folder: string): Environment {
  const settings: SparkSettings = {
    "spark.eventLog.enabled": "true",
    "spark.eventLog.dir": pathToFileURL(folder).href.replaceAll("'", "%27"),
    "spark.eventLog.compress": "false",
    "spark.eventLog.rolling.enabled": "false",
  };
  const options = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`);
  // Of two equal options Java takes the last one: the user's.
  return { SPARK_SUBMIT_OPTS: [...options, env["SPARK_SUBMIT_OPTS"] ?? ""].join(" ").trimEnd() };
}

function whyElsewhere(settings: SparkSettings): string | undefined {
  if (settings["spark.submit.deployMode"] === "cluster") return "Spark's driver runs in a cluster, and its event log is there";
  if (settings["spark.eventLog.enabled"] === "false") return "Spark's event log is switched off by spark.eventLog.enabled=false";
  const folder = settings["spark.eventLog.dir"];
  if (folder !== undefined) return `Spark's event log goes to ${folder} by spark.eventLog.dir`;
  const isCompressed = settings["spark.eventLog.compress"] === "true";
  return isCompressed ? "Spark's event log is compressed by spark.eventLog.compress=true" : undefined;
}
