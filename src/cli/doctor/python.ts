import { firstLine } from "../table.ts";
import type { Finding } from "./finding.ts";
import { type Surroundings, findProgram, runProgram } from "./programs.ts";

const PACKAGES = ["pyspark", "numpy", "mlflow"];
/** Imports what Spark's jobs import; of MLflow, which takes seconds to import, it asks only the version. */
const PROGRAM = `
import importlib, importlib.metadata, json, sys
found = {"python": "%d.%d.%d" % sys.version_info[:3]}
for name in ${JSON.stringify(PACKAGES)}:
    try:
        found[name] = importlib.metadata.version("mlflow") if name == "mlflow" else importlib.import_module(name).__version__
    except Exception as error:
        found[name] = None if isinstance(error, (ImportError, importlib.metadata.PackageNotFoundError)) else repr(error)
print(json.dumps(found))`;
const OLDEST = [3, 9] as const;

/** The Python that Spark's jobs would take, with what they import. */
export async function checkPython(here: Surroundings): Promise<Finding> {
  const { env } = here;
  const python = env["PYSPARK_PYTHON"] || (await findProgram("python3", env)) || (await findProgram("python", env));
  if (python === undefined) {
    const advice = "Pipelines in Python, and the MLflow of `stemma up`, need one: install Python 3.9 or newer.";
    return { state: "warn", what: "Python", detail: "there is none on PATH", advice };
  }
  const { isFine, text } = await runProgram(python, ["-c", PROGRAM], here);
  const found = isFine ? parse(text) : undefined;
  if (found !== undefined) return judgePython(python, found);
  return {
    state: "fail",
    what: "Python",
    detail: `${python} fails: ${firstLine(text).slice(0, 200)}`,
    advice: "Run it by hand to see why.",
  };
}

/** The last line, after whatever a package may have printed. */
function parse(text: string): Readonly<Record<string, string | null>> | undefined {
  const line = text.trim().split("\n").at(-1) ?? "";
  return line.startsWith("{") ? (JSON.parse(line) as Record<string, string | null>) : undefined;
}

export function judgePython(python: string, found: Readonly<Record<string, string | null>>): Finding {
  const version = found["python"] ?? "";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const there = PACKAGES.filter((name) => found[name]).map((name) => `${name} ${found[name]}`);
  const missing = PACKAGES.filter((name) => !found[name]);
  const seen = { what: "Python", detail: [`${version} (${python})`, ...there].join(", ") };
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    return { ...seen, state: "fail", advice: `Install Python ${OLDEST.join(".")} or newer.` };
  if (missing.length === 0) return { ...seen, state: "ok" };
  const advice = `Without ${missing.join(", ")}: ${python} -m pip install ${missing.join(" ")}, where pipelines here need it.`;
  return { ...seen, state: "warn", advice };
}
