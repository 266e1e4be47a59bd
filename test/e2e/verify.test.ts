import { closeSync, mkdtempSync, openSync, readSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Connection } from "../../src/pachyderm/connection.ts";
import { pfs } from "../../src/pachyderm/services.ts";
import { cardDigest } from "../../src/tracker/card/canonical.ts";
import type { RunCard } from "../../src/tracker/card/run-card.ts";
import type { Finding } from "../../src/verify/finding.ts";
import type { Verification } from "../../src/verify/verify.ts";
import { type CommandResult, stemma } from "../cli/terminal.ts";
import { type TestEngine, branch, commitFiles, pipeline, put, readText, repo, startTestEngine } from "../helpers/engine.ts";
import { OwnMlflow } from "../helpers/own-mlflow.ts";
import { newExperiment } from "../mlflow/fixtures.ts";

const FILES = { "/tag.csv": "1\n", "/metric.csv": "2\n", "/deleted.csv": "3\n", "/artifact.csv": "4\n", "/good.csv": "5\n" };
const MODEL = newExperiment();
const EXPERIMENT = newExperiment();
const SCRIPT = `
echo '{"file":"'$FILE'"}' > $STEMMA_REPORT/params.json
echo '{"key":"rows","value":2}' > $STEMMA_REPORT/metrics.jsonl
echo '{"team":"fraud"}' > $STEMMA_REPORT/tags.json
echo a tree > $STEMMA_ARTIFACTS/tree.txt`;

/** Everything that can be wrong, planted on real servers; each on a thing of its own. */
describe("verify", () => {
  const cwd = mkdtempSync(join(tmpdir(), "stemma-verify-"));
  const mlflow = new OwnMlflow({ experiment: EXPERIMENT, model: MODEL });
  let engine: TestEngine;
  /** Of each file the run that read it. */
  let runs: Readonly<Record<string, string>>;
  let trained = "";
  let old = "";

  beforeAll(async () => {
    engine = await startTestEngine();
    const { client } = engine;
    for (const name of ["rows", "olds", "archive"]) await client.createRepo(repo(name));
    await commitFiles(client, "archive", { "/large.bin": "large;".repeat(50_000), "/small.txt": "small" });
    await commitFiles(client, "rows", FILES);
    trained = await track("train", "rows", "/*");
    // The first commit of a pipeline that is there already: nothing else comes from it, so it can be squashed.
    await client.createPipeline(spec("old", "olds", "/"));
    old = await commitFiles(client, "olds", { "/old.csv": "6\n" });
    await client.inspectJob({ pipeline: pipeline("old"), id: old }, { wait: true });
    await commitFiles(client, "olds", { "/new.csv": "7\n" });
    await client.inspectCommit({ repo: repo("old"), at: "master" }, "FINISHED");
    const id = await mlflow.experimentId(EXPERIMENT);
    const made = await Array.fromAsync(mlflow.searchRuns({ experimentIds: [id] }));
    runs = Object.fromEntries(made.map((run) => [run.params["file"] ?? "", run.id]));
    await register(runs["good.csv"] ?? "");
  }, 120_000);
  afterAll(async () => {
    await engine.close();
    rmSync(cwd, { recursive: true });
  });

  /** A pipeline that tracks a script for each datum. */
  function spec(name: string, input: string, glob: string): string {
    const cmd = [process.execPath, join(process.cwd(), "bin/stemma.js"), "track", "--no-log", "--experiment", EXPERIMENT, "--"];
    const script = `FILE=$(basename $${input}); ${SCRIPT}; cat $(find /pfs/${input}/ -type f) > /pfs/out/$FILE.out`;
    return JSON.stringify({
      pipeline: { name },
      transform: { cmd: [...cmd, "sh", "-c", script], env: { MLFLOW_TRACKING_URI: mlflow.uri } },
      input: { pfs: { repo: input, glob } },
      parallelism_spec: { constant: 2 },
    });
  }

  /** Runs such a pipeline to the end of its first job, and gives that one's output commit. */
  async function track(...[name, input, glob]: Parameters<typeof spec>): Promise<string> {
    const { client } = engine;
    await client.createPipeline(spec(name, input, glob));
    const { commit } = await client.inspectCommit({ repo: repo(name), at: "master" }, "FINISHED");
    expect(await client.inspectJob({ pipeline: pipeline(name), id: commit.id }, { wait: true })).toMatchObject({
      state: "JOB_SUCCESS",
    });
    return commit.id;
  }

  async function post(method: string, body: object): Promise<void> {
    const answer = await fetch(`${mlflow.uri}/api/2.0/mlflow/${method}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(await answer.text()).not.toContain("error_code");
  }

  /** Two versions of a model, of which the first is the champion. */
  async function register(run: string): Promise<void> {
    await post("registered-models/create", { name: MODEL });
    const { artifactUri } = await mlflow.inspectRun(run);
    for (const version of ["1", "2"])
      await post("model-versions/create", { name: MODEL, source: `${artifactUri}/${version}`, run_id: run });
    await post("registered-models/alias", { name: MODEL, alias: "champion", version: "1" });
  }

  function verify(...argv: string[]): Promise<CommandResult> {
    const env = { PACHD_ADDRESS: engine.engine.address, MLFLOW_TRACKING_URI: mlflow.uri, STEMMA_INDEX: join(cwd, "index.db") };
    return stemma(["verify", ...argv], { cwd, env }, { mlflow: async () => mlflow });
  }

  test("finds nothing where all is as it was", async () => {
    expect(await verify("--all")).toEqual({
      code: 0,
      err: "",
      out: expect.stringMatching(/^no findings in 7 runs, \d+ commits, \d+ jobs, 2 model-versions\ncomplete\n$/),
    });
  });

  test("finds each thing that was planted, names it, and nothing else", async () => {
    const at = (file: string): string => `urn:stemma:run:${runs[file]}`;
    await plant();
    const { code, out } = await verify("--all", "-o", "json");
    const { findings, complete } = JSON.parse(out) as Verification;
    expect({ code, complete }).toEqual({ code: 5, complete: true });
    const brief = findings.map(({ kind, at: where, what = "", expected, found }: Finding) => [
      kind,
      where,
      what,
      expected,
      found,
    ]);
    const text = expect.any(String);
    expect(brief).toEqual(
      expect.arrayContaining([
        ["tag-edited", at("tag.csv"), "team", "fraud", "other"],
        ["metric-changed", at("metric.csv"), "rows", "2", "3"],
        ["run-deleted", at("deleted.csv"), "", text, "a deleted run"],
        ["artifact-changed", `urn:stemma:artifact:${runs["artifact.csv"]}:/tree.txt`, "", text, text],
        ["card-lies", expect.stringContaining(`/${runs["good.csv"]}`), "outputCommit", text, "another one"],
        ["alias-moved", `urn:stemma:model-version:${MODEL}/1`, "@champion", text, "at version 2"],
        ["commit-gone", `urn:stemma:commit:default/olds@${old}`, "", text, "nothing"],
        ["content-damaged", expect.stringContaining("/large.bin"), "", text, text],
      ]),
    );
    // The squashed commit took its output with it, which the run names as well.
    expect(brief.filter(([kind, where]) => kind !== "commit-gone" || !String(where).includes("/old@"))).toHaveLength(8);
  });

  /** An edited tag, a changed metric, a deleted run, an artifact swapped, a lying card, a moved alias, a squashed commit, a damaged object. */
  async function plant(): Promise<void> {
    const { client } = engine;
    await mlflow.logBatch(runs["tag.csv"] ?? "", { tags: { team: "other" } });
    await mlflow.logBatch(runs["metric.csv"] ?? "", { metrics: [{ key: "rows", value: 3, step: 9, time: new Date() }] });
    await mlflow.deleteRun(runs["deleted.csv"] ?? "");
    const swapped = join(cwd, "tree.txt");
    writeFileSync(swapped, "b tree\n");
    await mlflow.putArtifact(await mlflow.inspectRun(runs["artifact.csv"] ?? ""), "tree.txt", { file: swapped });
    const id = runs["good.csv"] ?? "";
    const card = JSON.parse(await readText(client, "train", trained, `/${id}`)) as RunCard;
    const lie = { ...card, metrics: { ...card.metrics, rows: 100 } };
    await client.createRepo(repo("copies"));
    await client.modifyBranch(branch("copies"), [put(`/${id}`, JSON.stringify({ ...lie, digest: cardDigest(lie) }))]);
    await post("registered-models/alias", { name: MODEL, alias: "champion", version: "2" });
    const connection = new Connection({ address: engine.engine.address });
    await connection.call(pfs.SquashCommitSet, { commit_set: { id: old } });
    connection.close();
    damage(largestObject(engine.home));
  }

  test("verifies what one reference came from, and takes aliases as right when told to", async () => {
    const { code, out, err } = await verify(runs["tag.csv"] ?? "", "-o", "jsonl");
    expect({ code, err }).toEqual({ code: 5, err: "" });
    expect(
      out
        .trim()
        .split("\n")
        // The last line says how complete it is.
        .map((line: string) => (JSON.parse(line) as Partial<Finding>).kind),
    ).toEqual(["tag-edited", undefined]);
    expect((await verify(`models:/${MODEL}/1`, "--no-content")).out).toContain("alias-moved");
    expect((await verify(`models:/${MODEL}/1`, "--no-content", "--accept")).out).not.toContain("alias-moved");
  });
});

function largestObject(home: string): string {
  const files = readdirSync(join(home, "objects"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((file) => join(file.parentPath, file.name));
  return paths.sort((a, b) => statSync(b).size - statSync(a).size)[0] ?? expect.fail("no object");
}

/** Turns a bit of it. */
function damage(path: string): void {
  const file = openSync(path, "r+");
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, 1000);
  writeSync(file, Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, 1000);
  closeSync(file);
}
