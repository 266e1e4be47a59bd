import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { runProgram } from "../../src/cli/program.ts";
import { packageRoot } from "../../src/local/job-environment.ts";
import type { CommandResult } from "../cli/terminal.ts";
import { testContext } from "../cli/terminal.ts";
import { commitFiles, pipeline, repo, startTestEngine } from "../helpers/engine.ts";
import { OwnMlflow } from "../helpers/own-mlflow.ts";
import { newExperiment } from "../mlflow/fixtures.ts";

/** What `stemma train` of the demo does, in a moment: a param, a metric, and a model. */
const TRAIN = `
echo '{"maxDepth": 5}' > $STEMMA_REPORT/params.json
echo "{\\"key\\": \\"AUC test\\", \\"value\\": 0.9$(cat /pfs/etl/* | wc -l), \\"step\\": 0}" > $STEMMA_REPORT/metrics.jsonl
mkdir -p /pfs/out/model $STEMMA_ARTIFACTS/model
cat /pfs/etl/* > /pfs/out/model/tree.txt
cp /pfs/out/model/tree.txt $STEMMA_ARTIFACTS/model/
echo 'flavors: {}' > $STEMMA_ARTIFACTS/model/MLmodel
`;
const SPLIT = `for f in /pfs/raw_data/*; do for b in 0 1; do mkdir -p /pfs/out/bucket-0$b; grep ",$b$" $f > /pfs/out/bucket-0$b/$(basename $f) || true; done; done`;
const ETL = `for b in /pfs/split/*; do cat $b/* > /pfs/out/$(basename $b).csv; done`;
const SOMEBODY = { GIT_AUTHOR_NAME: "A", GIT_AUTHOR_EMAIL: "a@b.test", GIT_COMMITTER_NAME: "A", GIT_COMMITTER_EMAIL: "a@b.test" };
const THEN = { GIT_AUTHOR_DATE: "2026-11-01T10:00:00Z", GIT_COMMITTER_DATE: "2026-11-01T10:00:00Z" };

/** The demo's pipelines with tiny commands in Spark's place, on a real engine and the tests' MLflow server: two days of data, two models. */
export interface LineageStory extends AsyncDisposable {
  /** Runs a command line: on a terminal, or into a pipe. */
  readonly stemma: (argv: readonly string[], isTerminal?: boolean) => Promise<CommandResult>;
  /** The ids that are others each time: of `train`'s commits, of the runs, of the models, each oldest first, and of other commits. */
  readonly ids: readonly string[];
  readonly experimentId: string;
  readonly mlflow: OwnMlflow;
  /** The two runs, the older first. */
  readonly runs: readonly string[];
}

export async function openLineageStory(): Promise<LineageStory> {
  const cwd = mkdtempSync(join(tmpdir(), "stemma-story-"));
  const experiment = newExperiment();
  const mlflow = new OwnMlflow({ experiment, model: experiment });
  const code = await commitCode(join(cwd, "code"));
  const engine = await startTestEngine();
  const { client } = engine;
  await client.createRepo(repo("raw_data"));
  await client.createPipeline(spec("split", "raw_data", "/*", ["sh", "-c", SPLIT]));
  await client.createPipeline(spec("etl", "split", "/*", ["sh", "-c", ETL]));
  const track = [
    process.execPath,
    join(packageRoot, "bin/stemma.js"),
    "track",
    "--experiment",
    experiment,
    "--name",
    "tree",
    "--",
  ];
  const train = ["sh", "-c", `cd ${code} && exec "$@"`, "sh", ...track, "sh", "train.sh"];
  await client.createPipeline(spec("train", "etl", "/", train, { MLFLOW_TRACKING_URI: mlflow.uri }));
  for (const files of [{ "/day-1.csv": "name,bucket\na,0\nb,1\n" }, { "/day-2.csv": "name,bucket\nc,1\n" }]) {
    const id = await commitFiles(client, "raw_data", files);
    await client.inspectJob({ pipeline: pipeline("train"), id }, { wait: true });
  }
  const experimentId = await mlflow.experimentId(experiment);
  const runs = await Array.fromAsync(mlflow.searchRuns({ experimentIds: [experimentId] }));
  const models = await Array.fromAsync(mlflow.searchModels({ experimentIds: [experimentId] }));
  await register(
    mlflow.uri,
    experiment,
    models.map(({ id, sourceRunId = "" }) => ({ id, run: sourceRunId })),
  );
  const setsOf = async (name: string): Promise<readonly string[]> =>
    (await Array.fromAsync(client.listCommits(repo(name), { oldestFirst: true }))).map(({ commit }) => commit.id);
  const sets = await setsOf("train");
  const others = (await Promise.all(["raw_data", "split", "etl"].map(setsOf))).flat().filter((id) => !sets.includes(id));
  const ids = [...sets, ...runs.map(({ id }) => id), ...models.map(({ id }) => id.slice(2)), ...new Set(others)];
  const place = {
    cwd,
    env: {
      ...process.env,
      PACHD_ADDRESS: engine.engine.address,
      MLFLOW_TRACKING_URI: mlflow.uri,
      STEMMA_HOME: cwd,
      NO_COLOR: "",
    },
  };

  return {
    ids,
    experimentId,
    mlflow,
    runs: runs.map(({ id }) => id),
    stemma: async (argv, isTerminal = false) => {
      let [out, err] = ["", ""];
      const context = testContext(place, {
        out: (text) => (out += text),
        write: async (bytes) => void (out += Buffer.from(bytes).toString("utf8")),
        err: (text) => (err += text),
        mlflow: async () => new OwnMlflow({ experiment, model: experiment }),
        stdout: { isTTY: isTerminal, columns: isTerminal ? 120 : undefined },
        ...(isTerminal ? { page: async (text: string) => void (out += text) } : {}),
      });
      return { code: await runProgram(context, argv), out, err };
    },
    [Symbol.asyncDispose]: async () => {
      await engine.close();
      rmSync(cwd, { recursive: true });
    },
  };
}

function spec(
  name: string,
  input: string,
  glob: string,
  cmd: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string {
  const transform = { image: `stemma/${name}:0.1.0`, cmd, env };
  return JSON.stringify({ pipeline: { name }, transform, input: { pfs: { repo: input, glob } }, datum_tries: 1 });
}

/** The same commit each time, as all that is in it is the same. */
async function commitCode(folder: string): Promise<string> {
  mkdirSync(folder);
  writeFileSync(join(folder, "train.sh"), TRAIN);
  const options = { cwd: folder, env: { ...SOMEBODY, ...THEN, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" } };
  for (const args of [
    ["init", "-q", "-b", "main"],
    ["add", "train.sh"],
    ["commit", "-q", "-m", "train"],
  ])
    await execa("git", args, options);
  return folder;
}

/** A version of each model; the newest is champion. Our client only reads the registry. */
async function register(
  uri: string,
  name: string,
  models: ReadonlyArray<{ readonly id: string; readonly run: string }>,
): Promise<void> {
  const call = async (path: string, body: object): Promise<void> => {
    const answer = await fetch(`${uri}/api/2.0/mlflow/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  };
  await call("registered-models/create", { name });
  for (const { id, run } of models)
    await call("model-versions/create", { name, source: `models:/${id}`, run_id: run, model_id: id });
  await call("registered-models/alias", { name, alias: "champion", version: String(models.length) });
}
