import { execFile } from "node:child_process";
import { kill } from "node:process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { Run } from "../../../src/mlflow/types.ts";
import { listOf, newExperiment } from "../../mlflow/fixtures.ts";
import { PROGRAM, TrackProcess, client } from "../harness.ts";

/** Runs a shell's line in which `track` stands for `stemma track`, and gives what it printed. */
async function shell(line: string, experiment: string): Promise<string> {
  const env = {
    PATH: process.env["PATH"],
    USER: "tester",
    MLFLOW_TRACKING_URI: client.uri,
    MLFLOW_EXPERIMENT_NAME: experiment,
  };
  const script = `track() { '${process.execPath}' '${PROGRAM}' track "$@"; }; ${line}`;
  const { stdout } = await promisify(execFile)("bash", ["-c", script], { env });
  return stdout;
}

async function onlyRun(experiment: string): Promise<Run | undefined> {
  const found = await listOf(client.searchRuns({ experimentIds: [await client.experimentId(experiment)] }));
  expect(found).toHaveLength(1);
  return found[0];
}

describe.concurrent("a command in trouble", () => {
  test("ends, and its run with it, when nobody reads its stdout any more", async () => {
    const experiment = newExperiment();
    expect(await shell("track -- yes 2>/dev/null | head -1", experiment)).toBe("y\n");
    expect((await onlyRun(experiment))?.status).toMatch(/FAILED|KILLED/);
  });

  test("ends, and its run with it, when nobody reads its stderr any more", async () => {
    const experiment = newExperiment();
    expect(await shell("track -- sh -c 'yes >&2' 2>&1 >/dev/null | sed -n '/^y/{p;q}'", experiment)).toBe("y\n");
    expect((await onlyRun(experiment))?.status).toMatch(/FAILED|KILLED/);
  });

  test("goes on without readers when it has more to do than to print", async () => {
    const experiment = newExperiment();
    const command = `echo one; while echo more 2>/dev/null; do sleep 0.01; done; echo 1 > $STEMMA_ARTIFACTS/done`;
    expect(await shell(`track -- sh -c 'trap "" PIPE; ${command}' 2>/dev/null | head -1`, experiment)).toBe("one\n");
    const run = await onlyRun(experiment);
    expect(run).toMatchObject({ status: "FINISHED" });
    expect(await listOf(client.listArtifacts(run?.id ?? ""))).toContainEqual({ path: "done", sizeBytes: 2 });
  });

  test("goes its own way, and its run ends, when the tracker's temporary folder is gone", async () => {
    const track = new TrackProcess(["--", "sh", "-c", 'rm -r "$(dirname "$STEMMA_REPORT")"; seq 1 50000; exit 3']);
    expect(await track.exitCode()).toBe(3);
    expect(track.stdout).toMatch(/\n50000\n$/);
    expect((await track.run()).status).toBe("FAILED");
  });

  test("does not keep the tracker waiting for what it left behind", async () => {
    const track = new TrackProcess(["--", "sh", "-c", "sleep 600 & echo $!"]);
    expect(await track.exitCode()).toBe(0);
    expect((await track.run()).status).toBe("FINISHED");
    expect(kill(Number(track.stdout))).toBe(true);
  });
});
