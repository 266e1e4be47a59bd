import { execa } from "execa";
import { jobEnvironment, packageRoot } from "../../src/local/job-environment.ts";

/** How a program on Spark ended. Python's own stderr comes on stdout: that is how spark-submit does it. */
export interface SparkResult {
  readonly exitCode: number | undefined;
  readonly out: string;
  readonly err: string;
}

/** Runs spark-submit as the pipelines do: in the clone's folder, with a job's environment and the pipelines' settings. */
export async function submit(arguments_: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<SparkResult> {
  const { exitCode, stdout, stderr } = await execa("spark-submit", arguments_, {
    cwd: packageRoot,
    reject: false,
    stdin: "ignore",
    extendEnv: false,
    env: {
      ...jobEnvironment(process.env),
      SPARK_CONF_DIR: "pipelines/conf",
      STEMMA_REPORT: undefined,
      STEMMA_ARTIFACTS: undefined,
      ...env,
    },
  });
  return { exitCode, out: stdout, err: stderr };
}
