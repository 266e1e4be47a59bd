import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mlflowService, requireBoto3 } from "../../src/local/mlflow-service.ts";
import { stateFolder } from "../../src/local/state-folder.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stemma-mlflow-service-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function makePython(exitCode: number): string {
  writeFileSync(join(folder, "python"), `#!/bin/sh\nexit ${exitCode}\n`);
  chmodSync(join(folder, "python"), 0o755);
  return join(folder, "mlflow");
}

describe("MLflow's artifacts in Pachyderm", () => {
  test("need boto3 beside MLflow", () => {
    expect(() => requireBoto3(makePython(0))).not.toThrow();
    const missing = { code: "NOT_FOUND", hint: `install it: ${join(folder, "python")} -m pip install boto3` };
    expect(() => requireBoto3(makePython(1))).toThrow(expect.objectContaining(missing) as Error);
  });

  test("the server talks to the gateway and to nobody else, whatever the user has set", () => {
    const env = { AWS_PROFILE: "mine", AWS_SESSION_TOKEN: "mine", AWS_ACCESS_KEY_ID: "mine", no_proxy: "example.com" };
    const { args, env: given } = mlflowService(stateFolder({}, folder), env, 31000).command(5000);
    expect(args).toContain("s3://master.artifacts");
    expect(given).toMatchObject({
      MLFLOW_S3_ENDPOINT_URL: "http://127.0.0.1:31000",
      AWS_PROFILE: undefined,
      AWS_SESSION_TOKEN: undefined,
      AWS_ACCESS_KEY_ID: "default",
      no_proxy: "example.com,127.0.0.1",
    });
  });

  test("are a choice: without it they are in a folder, and the user's S3 stays theirs", () => {
    const { args, env } = mlflowService(stateFolder({}, folder), { AWS_PROFILE: "mine" }, undefined).command(5000);
    expect(args).toContain(join(folder, ".stemma", "mlflow", "artifacts"));
    expect(env).toMatchObject({ AWS_PROFILE: "mine" });
    expect(env).not.toHaveProperty("MLFLOW_S3_ENDPOINT_URL");
  });
});
