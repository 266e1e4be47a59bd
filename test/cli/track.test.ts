import { describe, expect, inject, test } from "vitest";
import { makeFolder, trackHere } from "../tracker/harness.ts";

describe("stemma track", () => {
  test("a good command is a good end, an option of the command is not ours", async () => {
    const { code, said } = await trackHere(["--", "true", "--name", "--version"]);
    expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining("FINISHED") });
  });

  test.each([[[]], [["--"]], [["--name", "x", "--"]]])("without a command, %j is a usage error", async (argv) => {
    const { code, said } = await trackHere(argv);
    expect({ code, said }).toEqual({
      code: 2,
      said: "stemma: there is no command to track. Put it after --: stemma track -- python train.py\n",
    });
  });

  test.each([
    [["--no-such-option"], "unknown option '--no-such-option'"],
    [["--tag", "novalue"], "A tag looks like key=value."],
    [["--tag", "=x"], "A tag looks like key=value."],
    [["--tag", "stemma.key=x"], "are set by stemma alone."],
    [["--tag", "pachyderm.commit=x"], "are set by stemma alone."],
    [["--name", "two\nlines"], "A name cannot hold control characters."],
    [["--name", "\u001B[2Jx"], "A name cannot hold control characters."],
    [["--name", " "], "A name cannot be empty."],
    [["--experiment", "tab\there"], "A name cannot hold control characters."],
    [["--run-id", "../x"], "A run id has 32 hexadecimal digits."],
    [["--outbox-limit", "much"], "A size looks like 500M or 2G."],
    [["--mlflow", "mlruns"], "mlruns"],
    [["--mlflow", "sqlite:///m.db"], "sqlite:///m.db"],
  ])("%j is a usage error of one line, and nothing begins", async (options, line) => {
    const cwd = await makeFolder();
    const { code, said } = await trackHere([...options, "--", "no-such-command"], { cwd });
    expect(code).toBe(2);
    expect(said).toContain(line);
    expect(said).toMatch(/^stemma: \P{Cc}+\n$/u);
  });

  test("a run that is not there is told", async () => {
    const { code, said } = await trackHere(["--run-id", "0".repeat(32), "--", "no-such-command"]);
    expect(code).toBe(3);
    expect(said).toMatch(/^stemma: [^\n]+not found[^\n]*\n$/);
  });

  test("the command gets MLflow's address with its credentials, which nobody else sees", async () => {
    const uri = inject("mlflowUri").replace("//", "//me:s3cret@");
    const argv = ["--mlflow", uri, "--", "sh", "-c", `[ "$MLFLOW_TRACKING_URI" = "${uri}" ] || exit 9`];
    const { code, said } = await trackHere(argv);
    expect(code).toBe(0);
    expect(said).not.toContain("s3cret");
  });
});
