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
  /** Where its S3 gateway listens; undefined for none. */
  readonly s3Port: number | undefined;
  readonly answers: (address: string) => Promise<boolean>;
}): ServiceDefinition {
  const { folder, env, workdir, s3Port, answers } = options;
  return {
    name: "engine",
    title: "the engine",
    defaultPort: 30650,
    portOption: "--engine-port",
    startLimitMs: START_LIMIT_MS,
    s3Port,
    command: (port) => ({
      program: process.execPath,
      args: [
        join(packageRoot, "bin", "stemma.js"),
        "engine",
        "--listen",
        `${HOST}:${port}`,
        "--s3-listen",
        s3Port === undefined ? "off" : `${HOST}:${s3Port}`,
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
