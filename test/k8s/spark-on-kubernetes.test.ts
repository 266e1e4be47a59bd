import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { jobEnvironment } from "../../src/local/job-environment.ts";
import { MlflowClient } from "../../src/mlflow/client.ts";
import { stemma } from "../cli/terminal.ts";
import { type TestEngine, commitFiles, pipeline, readAll, repo, startTestEngine } from "../helpers/engine.ts";
import { count } from "../helpers/scale.ts";
import { submit } from "../helpers/spark.ts";
import { newExperiment } from "../mlflow/fixtures.ts";
import { findViolations } from "./house-rules.ts";
import { LocalCluster } from "./kubelet.ts";
import type { Right } from "./kubernetes-api.ts";
import { K8S, type Manifest, filesBelow, readManifests } from "./manifests.ts";
import { VERSIONS, validateText } from "./validator.ts";

const EXPERIMENT = newExperiment();
const isLong = count(0) > 0;

/** What the role of Spark's driver lets it do. */
const RIGHTS: readonly Right[] = readManifests("spark/role.yaml")
  .filter(({ kind }) => kind === "Role")
  .flatMap((role) => role["rules"] as ReadonlyArray<{ readonly resources: readonly string[]; readonly verbs: readonly string[] }>)
  .flatMap(({ resources, verbs }) => resources.flatMap((resource) => verbs.map((verb) => ({ verb, resource }))));

/** A spec of k8s/spark, but for its addresses and sizes, and where its scripts are. */
function specHere(name: string, env: Readonly<Record<string, string>>): string {
  const text = readFileSync(join(K8S, "spark", `${name}.json`), "utf8");
  const spec = JSON.parse(
    text.replaceAll("/etc/spark-on-kubernetes", join(K8S, "spark")).replaceAll("paysim-fraud", EXPERIMENT),
  ) as {
    transform: { env: Record<string, string> };
  };
  Object.assign(spec.transform.env, { EXECUTORS: "1", EXECUTOR_CORES: "1", EXECUTOR_MEMORY: "640m" }, env);
  return JSON.stringify({ ...spec, parallelism_spec: { constant: 1 } });
}

/**
 * The specs of k8s/spark, the script that they run and the real Spark with `--master k8s://…`, on an engine instead of Pachyderm. In
 * place of a cluster stands an API that knows the role's rights and starts executors as processes.
 */
describe.skipIf(!isLong)(
  `ETL and training on Kubernetes' executors${isLong ? "" : " (skipped: `npm run test:long -- k8s` runs it)"}`,
  () => {
    let folder: string;
    let engine: TestEngine;
    let cluster: LocalCluster;
    let local: { readonly etl: Record<string, string>; readonly train: Record<string, Record<string, number>> };

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "stemma-spark-k8s-"));
      const scratch = join(folder, "scratch");
      mkdirSync(scratch);
      const buckets = await makeBuckets();
      local = await runLocally();
      engine = await startTestEngine({ env: jobEnvironment(process.env) });
      cluster = new LocalCluster(RIGHTS);
      const master = `k8s://${await cluster.api.listen()}`;
      for (const name of ["etl", "train"]) cluster.addWorker(`default-${name}-v1`);
      await engine.client.createSecret("mlflow", { tracking_uri: inject("mlflowUri") });
      await engine.client.createRepo(repo("split"));
      await commitFiles(engine.client, "split", buckets);
      for (const name of ["etl", "train"]) {
        await engine.client.createPipeline(specHere(name, { SPARK_MASTER: master, SCRATCH: scratch }));
        const { commit } = await engine.client.inspectCommit({ repo: repo(name), at: "master" }, "FINISHED");
        const job = await engine.client.inspectJob({ pipeline: pipeline(name), id: commit.id }, { wait: true });
        if (job.state === "JOB_SUCCESS") continue;
        const { out } = await stemma(["logs", name], { cwd: folder, env: { PACHD_ADDRESS: engine.engine.address } });
        throw new Error(`${name}: ${job.state}\n${out}`);
      }
    }, 1_800_000);
    afterAll(async () => {
      await engine.close();
      await cluster.close();
      rmSync(folder, { recursive: true });
    });

    /** Two buckets of a small table, as files of the repo `split`; and the same in a folder. */
    async function makeBuckets(): Promise<Record<string, string>> {
      const place = { cwd: folder, env: {} };
      await stemma(["demo-data", "--rows", "4000", "-o", "day-1.csv"], place);
      await stemma(["split", "--in", "day-1.csv", "--out", "split", "--buckets", "2"], place);
      const names = readdirSync(join(folder, "split"));
      return Object.fromEntries(
        names.map((name) => [`/${name}/day-1.csv`, readFileSync(join(folder, "split", name, "day-1.csv"), "utf8")]),
      );
    }

    async function runLocally() {
      const inHere = (from: string, to: string): string[] => ["--in", join(folder, from), "--out", join(folder, to)];
      await submit(["--master", "local[2]", "pipelines/etl.py", ...inHere("split", "etl")]);
      const train = await submit(["--master", "local[2]", "pipelines/train.py", ...inHere("etl", "model")]);
      const files = filesBelow(join(folder, "etl")).map((name) => [`/${name}`, readFileSync(join(folder, "etl", name), "utf8")]);
      return {
        etl: Object.fromEntries(files) as Record<string, string>,
        train: JSON.parse(train.out.split("\n").at(-1) ?? "") as Record<string, Record<string, number>>,
      };
    }

    test("the ETL leaves the same bytes as in one process", async () => {
      expect(Object.keys(local.etl).toSorted()).toEqual(["/bucket-00/day-1.csv", "/bucket-01/day-1.csv"]);
      expect(await readAll(engine.client, "etl")).toEqual(local.etl);
    });

    test("the training is a run with the same params and metrics as in one process, linked to its commit", async () => {
      const client = new MlflowClient({ uri: inject("mlflowUri") });
      const runs = await Array.fromAsync(client.searchRuns({ experimentIds: [await client.experimentId(EXPERIMENT)] }));
      expect(runs).toHaveLength(1);
      const [run] = runs;
      expect(run).toMatchObject({ status: "FINISHED" });
      expect(run?.metrics).toMatchObject(local.train["metrics"] ?? {});
      expect(Object.keys(local.train["metrics"] ?? {})).toContain("AUC test");
      const { commit } = await engine.client.inspectCommit({ repo: repo("train"), at: "master" });
      expect(run?.tags["pachyderm.output.commit"] ?? JSON.stringify(run?.tags)).toContain(commit.id);
      const paths = Object.keys(await readAll(engine.client, "train"));
      expect(paths).toContain(`/${run?.id}`);
      expect(paths).toContain("/model/metadata/part-00000");
    });

    test("Spark needs every right of its role, and no other", () => {
      expect(cluster.api.refused).toEqual([]);
      expect([...cluster.api.used].toSorted()).toEqual(RIGHTS.map(({ verb, resource }) => `${verb} ${resource}`).toSorted());
    });

    test("an executor that fails is replaced; in the end none is left, and the common folder is empty", () => {
      // One for each datum of the ETL, one for the training, and the first, which failed.
      expect(cluster.pods).toHaveLength(4);
      expect([...cluster.api.objects.keys()].toSorted()).toEqual(["pods/default-etl-v1", "pods/default-train-v1"]);
      expect(readdirSync(join(folder, "scratch"))).toEqual([]);
    });

    test.each(VERSIONS)("Kubernetes %s accepts the pods that Spark asks for, and they keep the house's rules", (version) => {
      const [pod] = cluster.pods;
      const asked = { ...pod, status: undefined };
      const problems = validateText(JSON.stringify(asked), version).problems;
      expect(problems).toEqual([]);
      const violations = findViolations(asked as unknown as Manifest);
      // It is no server: Spark looks after it.
      expect(violations.filter((violation) => !violation.endsWith("Probe"))).toEqual([]);
      expect(asked).toMatchObject({
        metadata: {
          labels: { "spark-role": "executor", "app.kubernetes.io/part-of": "stemma" },
          ownerReferences: [{ kind: "Pod", name: "default-etl-v1" }],
        },
        spec: { serviceAccountName: "spark-executor", containers: [{ image: "stemma/spark:0.1.0" }] },
      });
    });
  },
);
