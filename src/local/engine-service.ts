import { join } from "node:path";
import { jobEnvironment, packageRoot } from "./job-environment.ts";
import type { ServiceDefinition } from "./services.ts";
import { HOST } from "./services-file.ts";
import type { StateFolder } from "./state-folder.ts";

const START_LIMIT_MS = 60_000;

/** The embedded engine, started through the launcher. `answers` asks for its version, which takes a Pachyderm client. */
export function engineService(options: {
  readonly folder: StateFolder;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the jobs' commands run when their specification names no folder. */
  readonly workdir: string;
  readonly answers: (address: string) => Promise<boolean>;
}): ServiceDefinition {
  const { folder, env, workdir, answers } = options;
  return {
    name: "engine",
    title: "the engine",
    defaultPort: 30650,
    portOption: "--engine-port",
    startLimitMs: START_LIMIT_MS,
    command: (port) => ({
      program: process.execPath,
      args: [
        join(packageRoot, "bin", "stemma.js"),
        "engine",
        "--listen",
        `${HOST}:${port}`,
        "--home",
        folder.engineHome,
        "--workdir",
        workdir,
      ],
      cwd: workdir,
      env: jobEnvironment(env),
    }),
    answers,
  };
}
