import { fileURLToPath } from "node:url";
import { execa } from "execa";

const PYTHON = fileURLToPath(new URL("../../../.venv/bin/python", import.meta.url));
const FOLDER = fileURLToPath(new URL(".", import.meta.url));

/** What a script has done and what came of it: an answer, or a gRPC code and its text (steps.py prints them). */
export interface ScriptStep {
  readonly name: string;
  readonly code?: string;
  readonly text?: string;
  readonly answer?: unknown;
}

/** Runs a script of this folder with the unchanged pachyderm-sdk against a server (host:port). */
export async function runScript(script: string, address: string, ...more: readonly string[]): Promise<ScriptStep[]> {
  const [host = "", port = ""] = address.split(":");
  const env = { PYTHONDONTWRITEBYTECODE: "1" };
  const { stdout } = await execa(PYTHON, [`${FOLDER}${script}`, host, port, ...more], { env });
  return stdout.split("\n").map((line) => JSON.parse(line) as ScriptStep);
}
