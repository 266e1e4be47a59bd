import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { packageRoot } from "../../src/local/job-environment.ts";

const VERSION = "v5.7.1";
const CACHE = join(packageRoot, "node_modules", ".cache", `kustomize-${VERSION}`);

/** How to build a kustomization: the program, and what comes before the folder. */
export type Builder = readonly [program: string, command: string];

/** What builds here: the kustomize built before, one on PATH, or the one within kubectl. */
export function findBuilder(): Builder | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const builders: readonly Builder[] = [
    ...[CACHE, ...folders].map((folder): Builder => [join(folder, "kustomize"), "build"]),
    ...folders.map((folder): Builder => [join(folder, "kubectl"), "kustomize"]),
  ];
  return builders.find(([program]) => existsSync(program));
}

export function hasGo(): boolean {
  return spawnSync("go", ["version"]).status === 0;
}

/** Builds kustomize with Go into the cache, unless it is there. Takes minutes. */
export function makeKustomize(): Builder {
  const kustomize: Builder = [join(CACHE, "kustomize"), "build"];
  if (existsSync(kustomize[0])) return kustomize;
  const env = { ...process.env, GOBIN: CACHE, GOFLAGS: "-mod=mod" };
  const made = spawnSync("go", ["install", `sigs.k8s.io/kustomize/kustomize/v5@${VERSION}`], { env, encoding: "utf8" });
  if (made.status !== 0) throw new Error(`go install ended with ${made.status}:\n${made.stderr}`);
  return kustomize;
}

/** The YAML of all objects of a kustomization. */
export function build([program, command]: Builder, folder: string): string {
  const { status, stdout, stderr } = spawnSync(program, [command, folder], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${command} ${folder} ended with ${status}:\n${stderr}`);
  return stdout;
}
