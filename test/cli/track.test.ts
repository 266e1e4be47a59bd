import { tmpdir } from "node:os";
import { CommanderError } from "@commander-js/extra-typings";
import { describe, expect, inject, test } from "vitest";
import type { Context } from "../../src/cli/context.ts";
import { ExitCode } from "../../src/cli/exit.ts";
import { trackCommand } from "../../src/cli/track-command.ts";
import { StemmaError } from "../../src/lineage/errors.ts";
import { MlflowClient } from "../../src/mlflow/client.ts";
import { testContext } from "./terminal.ts";

interface Outcome {
  readonly error: unknown;
  readonly err: string;
}

/** Runs the command in this process. Commands that are tracked here print nothing, as they share our stdout. */
async function track(argv: readonly string[], env: Context["env"] = {}): Promise<Outcome> {
  let err = "";
  const context = testContext(
    { cwd: tmpdir(), env: { PATH: process.env["PATH"], MLFLOW_EXPERIMENT_NAME: "test-cli-track", ...env } },
    {
      err: (text) => void (err += text),
      pachyderm: async () => {
        throw new StemmaError("UNREACHABLE", "no Pachyderm in this test");
      },
      mlflow: async (uri) => new MlflowClient({ uri: uri ?? inject("mlflowUri") }),
    },
  );
  const command = trackCommand(context).exitOverride().configureOutput({ writeErr: context.err, writeOut: context.err });
  try {
    await command.parseAsync([...argv], { from: "user" });
    return { error: undefined, err };
  } catch (error) {
    return { error, err };
  }
}

describe("stemma track", () => {
  test("a good command is a good end, an option of the command is not ours", async () => {
    expect(await track(["--", "true", "--name", "--version"])).toMatchObject({
      error: undefined,
      err: expect.stringContaining("FINISHED"),
    });
  });

  test("the exit code is the command's", async () => {
    expect((await track(["--", "sh", "-c", "exit 5"])).error).toMatchObject({ code: 5 });
    expect((await track(["--", "sh", "-c", "exit 5"])).error).toBeInstanceOf(ExitCode);
  });

  test.each([[[]], [["--"]], [["--name", "x", "--"]]])("without a command, %j is a usage error", async (argv) => {
    expect((await track(argv)).error).toMatchObject({ code: "USAGE", hint: expect.stringContaining("--") });
  });

  test.each([["novalue"], ["=x"], ["stemma.key=x"], ["pachyderm.commit=x"]])("--tag %s is a usage error", async (tag) => {
    const { error } = await track(["--tag", tag, "--", "true"]);
    expect(error).toBeInstanceOf(CommanderError);
  });

  test.each(["mlruns", "sqlite:///m.db"])("--mlflow %s is a usage error", async (uri) => {
    expect((await track(["--mlflow", uri, "--", "true"])).error).toMatchObject({
      code: "USAGE",
      message: expect.stringContaining(uri),
    });
  });

  test("the command gets MLflow's address with its credentials, which nobody else sees", async () => {
    const uri = inject("mlflowUri").replace("//", "//me:s3cret@");
    const { error, err } = await track(["--mlflow", uri, "--", "sh", "-c", `[ "$MLFLOW_TRACKING_URI" = "${uri}" ] || exit 9`]);
    expect(error).toBeUndefined();
    expect(err).not.toContain("s3cret");
  });
});
