import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { listOf } from "../mlflow/fixtures.ts";
import { type TrackProcess, client, makeFolder, runTrack } from "./harness.ts";

const PYTHONPATH = fileURLToPath(new URL("../../python", import.meta.url));

/** Runs a Python program under `stemma track`. */
async function trackPython(program: string): Promise<TrackProcess & { readonly code: number | null }> {
  const cwd = await makeFolder();
  await writeFile(join(cwd, "program.py"), program);
  return runTrack(["--", "python3", "program.py"], { cwd });
}

describe("stemma.py", () => {
  test("params, metrics, tags and artifacts of a program arrive", async () => {
    const track = await trackPython(`
import pathlib, stemma
stemma.log_param("max_depth", 5)
stemma.log_params({"quoted": 'a "b", c\\r\\nd', "none": None, "unicode": "größer 😀"})
stemma.log_metric("loss", 0.5, step=1, time=1700000000.5)
stemma.log_metric("loss", 0.25, step=2)
stemma.log_metrics({"nan": float("nan"), "inf": float("-inf"), "yes": True}, step=3)
stemma.set_tag("team", "fraud")
stemma.set_tags({"stage": "trial", "note": "one, two"})
folder = pathlib.Path("model/data"); folder.mkdir(parents=True)
(folder / "part-0").write_text("tree")
(folder.parent / "about").write_text("a model")
stemma.log_artifact("model")
stemma.log_artifact(folder / "part-0", "copies/of")
(folder / "part-0").write_text("changed later")
stemma.log_text("größer", "notes/read me.txt")
stemma.log_dict({"a": [1]}, "a.json")
`);
    expect(track).toMatchObject({ code: 0 });
    const run = await track.run();
    expect(run).toMatchObject({
      params: { max_depth: "5", quoted: 'a "b", c\r\nd', none: "None", unicode: "größer 😀" },
      // MLflow's database has the largest number in the place of an infinite one.
      metrics: { loss: 0.25, nan: NaN, inf: -Number.MAX_VALUE, yes: 1 },
      tags: { team: "fraud", stage: "trial", note: "one, two" },
    });
    const artifacts = await listOf(client.listArtifacts(run.id));
    expect(Object.fromEntries(artifacts.map(({ path, sizeBytes }) => [path, sizeBytes]))).toMatchObject({
      "a.json": 22,
      "copies/of/part-0": 4,
      "model/about": 7,
      "model/data/part-0": 4,
      "notes/read me.txt": 8,
    });
  });

  test("what four processes and four threads in each log at once arrives, each thing once", async () => {
    const track = await trackPython(`
import multiprocessing, threading, stemma

def work(process):
    def log(thread):
        for i in range(100):
            stemma.log_metric(f"m{process}.{thread}", i, step=i)
            if i % 10 == 0:
                stemma.log_param(f"p{process}.{thread}.{i}", "x" * 3000)
                stemma.set_tag(f"t{process}.{thread}.{i}", i)
        stemma.log_text("done", f"{process}/{thread}.txt")
    threads = [threading.Thread(target=log, args=[thread]) for thread in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()

if __name__ == "__main__":
    with multiprocessing.Pool(4) as pool:
        pool.map(work, range(4))
`);
    expect(track.stderr).not.toContain("left out");
    const run = await track.run();
    expect(Object.keys(run.params).filter((key) => key.startsWith("p"))).toHaveLength(160);
    expect(Object.keys(run.tags).filter((key) => key.startsWith("t"))).toHaveLength(160);
    expect(new Set(Object.values(run.params).map((value) => value.length))).toContain(3000);
    expect(Object.values(run.metrics).filter((value) => value === 99)).toHaveLength(16);
    const done = (await listOf(client.listArtifacts(run.id))).filter(({ path }) => /^\d\/\d\.txt$/.test(path));
    expect(done).toHaveLength(16);
  });

  test("outside of stemma track a program runs as it would without, and is told once", async () => {
    const program = `
import stemma
stemma.log_param("a", 1)
stemma.log_metric("loss", 0.5)
stemma.log_text("text", "a.txt")
print("done")`;
    const { stdout, stderr } = await execa("python3", ["-c", program], { env: { PYTHONPATH }, extendEnv: false });
    expect(stdout).toBe("done");
    expect(stderr.split("\n")).toEqual(["stemma: nothing is logged, as this is not run by `stemma track`"]);
  });

  test("an artifact cannot be placed outside of the artifacts", async () => {
    const program = `
import stemma
for path in ["../outside.txt", "/etc/outside.txt", "a/../../outside.txt", ""]:
    try:
        stemma.log_text("text", path)
    except ValueError as error:
        print(error)`;
    const { stdout } = await execa("python3", ["-c", program], { env: { PYTHONPATH }, extendEnv: false });
    expect(stdout.split("\n")).toEqual(
      ["../outside.txt", "/etc/outside.txt", "a/../../outside.txt", ""].map(
        (path) => `an artifact's path is relative and stays within the artifacts, unlike '${path}'`,
      ),
    );
  });
});
