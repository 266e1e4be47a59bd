import { basename } from "node:path";
import { execa } from "execa";
import type { Environment } from "../../ports.ts";
import { readJavaVersion } from "./java-version.ts";
import { findNode } from "./node-packages.ts";
import { unwrap } from "./programs.ts";
import { findPython } from "./python.ts";
import { readSparkVersion } from "./spark-version.ts";

const LIMIT_MS = 5000;

/** The versions of what a command runs on: python, spark, java and node, as far as it uses them. Files are asked before programs. */
export async function readVersions(command: readonly string[], cwd: string, env: Environment): Promise<Record<string, string>> {
  const inner = unwrap(command, env);
  const place = { cwd, env: inner.env };
  const [program = ""] = inner.command;
  const [python, node] = await Promise.all([findPython(command, cwd, env), findNode(command, cwd, env)]);
  const spark = await readSparkVersion(program, python, place);
  const usesJava = spark !== undefined || basename(program) === "java";
  const [pythonVersion, nodeVersion, java] = await Promise.all([
    python && (python.version ?? askVersion(python.program, "-V", inner.env)),
    node && askVersion(node, "-v", inner.env),
    usesJava ? readJavaVersion(program, place) : undefined,
  ]);
  const versions = { python: pythonVersion, java, spark, node: nodeVersion };
  return Object.fromEntries(Object.entries(versions).filter((entry) => entry[1] !== undefined)) as Record<string, string>;
}

/** Of what a program prints, the number: `Python 3.11.7`, `v24.21.0`. */
async function askVersion(program: string, option: string, env: Environment): Promise<string | undefined> {
  const { stdout, failed } = await execa(program, [option], {
    reject: false,
    timeout: LIMIT_MS,
    stdin: "ignore",
    env: { ...env },
    extendEnv: false,
  });
  return failed ? undefined : /\d+\.\d\S*/.exec(stdout)?.[0];
}
