import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../src/local/job-environment.ts";

/** Versions of Kubernetes in use: the oldest that clouds still offer, one between, and a new one. */
export const VERSIONS = ["1.32", "1.34", "1.36"] as const;

export interface Validation {
  readonly passed: readonly string[];
  /** What did not pass, and what has no schema. */
  readonly problems: readonly string[];
  readonly output: string;
}

/** What kubernetes-validate says of these files. It knows the schemas of each version, and refuses members that they do not have. */
export function validate(files: readonly string[], version: string): Validation {
  const program = join(packageRoot, ".venv", "bin", "kubernetes-validate");
  const { stdout, stderr, error } = spawnSync(program, ["--strict", "-k", version, ...files], { encoding: "utf8" });
  if (error !== undefined) throw error;
  const output = `${stdout}${stderr}`;
  const lines = output.split("\n").filter((line) => line !== "");
  const passed = lines.flatMap((line) => / passed for resource (\S+) against /.exec(line)?.[1] ?? []);
  return { passed, problems: lines.filter((line) => !line.startsWith("INFO ")), output };
}

export function validateText(text: string, version: string): Validation {
  const folder = mkdtempSync(join(tmpdir(), "stemma-k8s-"));
  const file = join(folder, "manifest.yaml");
  try {
    writeFileSync(file, text);
    return validate([file], version);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
