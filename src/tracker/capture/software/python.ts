import { basename, join } from "node:path";
import type { Environment } from "../../ports.ts";
import { foldersUpwards, isProgram, isThere } from "../files.ts";
import { type Place, findProgram, readShebang, unwrap } from "./programs.ts";
import { followShim } from "./pyenv.ts";
import { type Python, readPython } from "./python-home.ts";

/** The Python that a command will run, found without starting anything; undefined when it runs none, or none that can be told. */
export async function findPython(command: readonly string[], cwd: string, env: Environment): Promise<Python | undefined> {
  const inner = unwrap(command, env);
  const place = { cwd, env: inner.env };
  const program = await findInterpreter(inner.command, place);
  const followed = program === undefined ? undefined : await followShim(program, place);
  return followed === undefined ? undefined : readPython(followed, inner.env);
}

const PYTHON = /^(?:python|pypy)[\d.]*$/;
const SPARK = /^(?:spark-submit|pyspark)$/;
const RUNNERS = /^(?:uv|uvx|poetry|pdm|pipenv|hatch|rye)$/;
const SHELLS = /^(?:sh|bash|zsh|dash|make)$/;

async function findInterpreter(command: readonly string[], place: Place): Promise<string | undefined> {
  const [program = ""] = command;
  const name = basename(program);
  if (PYTHON.test(name)) return findProgram(program, place);
  if (SPARK.test(name)) return findSparksPython(command, place);
  if (RUNNERS.test(name)) return findProjectsPython(place);
  // Which one a script of a shell will call is known only where one is active.
  if (SHELLS.test(name)) return findActivePython(place.env);
  const path = await findProgram(program, place);
  const shebang = path === undefined ? undefined : await readShebang(path);
  return PYTHON.test(basename(shebang?.[0] ?? "")) ? findProgram(shebang?.[0] ?? "", place) : undefined;
}

/** In the order in which Spark asks; a program in Java or Scala has none. */
async function findSparksPython(command: readonly string[], place: Place): Promise<string | undefined> {
  const isPython = basename(command[0] ?? "") === "pyspark" || command.some((word) => word.endsWith(".py"));
  if (!isPython) return undefined;
  const settings = ["spark.pyspark.driver.python", "spark.pyspark.python"].map((key) => settingOf(command, key));
  const variables = ["PYSPARK_DRIVER_PYTHON", "PYSPARK_PYTHON"].map((name) => place.env[name] || undefined);
  return findProgram([...settings, ...variables].find((name) => name !== undefined) ?? "python3", place);
}

function settingOf(command: readonly string[], key: string): string | undefined {
  const word = command.find((word) => word.replace(/^--conf=/, "").startsWith(`${key}=`));
  return word?.slice(word.indexOf(`${key}=`) + key.length + 1);
}

/** The environment of a project that a runner such as uv keeps. */
async function findProjectsPython({ cwd, env }: Place): Promise<string | undefined> {
  const named = env["UV_PROJECT_ENVIRONMENT"];
  const folders = [...(named ? [join(cwd, named)] : []), ...foldersUpwards(cwd).map((folder) => join(folder, ".venv"))];
  for (const folder of folders) if (await isThere(join(folder, "pyvenv.cfg"))) return join(folder, "bin", "python");
  return findActivePython(env);
}

async function findActivePython(env: Environment): Promise<string | undefined> {
  const prefix = env["VIRTUAL_ENV"] || env["CONDA_PREFIX"];
  const program = prefix ? join(prefix, "bin", "python") : undefined;
  return program !== undefined && (await isProgram(program)) ? program : undefined;
}
