import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Environment } from "../../ports.ts";

/** A command as it is going to be started. */
export interface SparkCommand {
  readonly command: readonly string[];
  readonly env: Environment;
  readonly cwd: string;
}

/** Settings of Spark by name (`spark.eventLog.dir`), as far as they can be seen from outside of the program. */
export type SparkSettings = Readonly<Record<string, string>>;

/** Collects them in Spark's own order: the command line over the file of properties, that over Java's options. */
export async function readSparkSettings({ command, env, cwd }: SparkCommand): Promise<SparkSettings> {
  const words = command.flatMap(splitOption);
  // A Python program that starts its own Spark takes a command line from here.
  const hidden = (env["PYSPARK_SUBMIT_ARGS"] ?? "").split(/\s+/).flatMap(splitOption);
  const given = [...hidden, ...words];
  const files = [valueOf(given, "--properties-file"), defaultsFile(env)];
  const file = files.find((path) => path !== undefined);
  return {
    ...javaOptions(env["SPARK_SUBMIT_OPTS"] ?? ""),
    ...(file === undefined ? {} : parseProperties(await readIfThere(resolve(cwd, file)))),
    ...confOptions(given),
  };
}

/** `--conf=a=b` is `--conf a=b`. */
function splitOption(word: string): string[] {
  const [, option, value] = /^(--[\w-]+)=(.*)$/s.exec(word) ?? [];
  return option === undefined || value === undefined ? [word] : [option, value];
}

function valueOf(words: readonly string[], option: string): string | undefined {
  const at = words.indexOf(option);
  return at === -1 ? undefined : words[at + 1];
}

function defaultsFile(env: Environment): string | undefined {
  const folder = env["SPARK_CONF_DIR"] || (env["SPARK_HOME"] ? join(env["SPARK_HOME"], "conf") : undefined);
  return folder === undefined ? undefined : join(folder, "spark-defaults.conf");
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    // Whatever is wrong with the file is for Spark to say.
    if ((error as NodeJS.ErrnoException).code !== undefined) return "";
    throw error;
  }
}

/** `name value`, `name=value` or `name: value` a line. */
function parseProperties(text: string): SparkSettings {
  const lines = text.split("\n").map((line) => /^\s*(spark\.[\w.-]+)(?:\s*[=:]\s*|\s+)(.*?)\s*$/.exec(line));
  return Object.fromEntries(lines.flatMap((match) => (match === null ? [] : [[match[1] ?? "", match[2] ?? ""]])));
}

function javaOptions(text: string): SparkSettings {
  return Object.fromEntries([...text.matchAll(/-D(spark\.[\w.-]+)=(\S*)/g)].map(([, name, value]) => [name ?? "", value ?? ""]));
}

function confOptions(words: readonly string[]): SparkSettings {
  const modes = words.flatMap((word, at) => (words[at - 1] === "--deploy-mode" ? [["spark.submit.deployMode", word]] : []));
  const others = words.flatMap((word, at) => {
    const [, name, value] = /^(spark\.[\w.-]+)=(.*)$/s.exec(word) ?? [];
    const isConf = words[at - 1] === "--conf" || words[at - 1] === "-c";
    return isConf && name !== undefined && value !== undefined ? [[name, value]] : [];
  });
  return Object.fromEntries([...others, ...modes]);
}
