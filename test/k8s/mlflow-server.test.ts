import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestEngine, branch, readAll, repo, startTestEngine } from "../helpers/engine.ts";
import { count } from "../helpers/scale.ts";
import { MlflowOfManifests } from "./mlflow-here.ts";
import { readKustomization } from "./manifests.ts";

const isLong = count(0) > 0;
const why = isLong ? "" : " (skipped: `npm run test:long -- k8s` runs it)";

describe.skipIf(!isLong)(`MLflow as the manifests start it, upon an engine's S3 gateway${why}`, () => {
  let engine: TestEngine;
  let mlflow: MlflowOfManifests;

  beforeAll(async () => {
    engine = await startTestEngine({ s3Listen: "127.0.0.1:0" });
    await engine.client.createRepo(repo("artifacts"));
    await engine.client.createBranch(branch("artifacts"));
    mlflow = await MlflowOfManifests.start(`http://${engine.engine.s3Address}`);
  }, 300_000);
  afterAll(async () => {
    await mlflow.close();
    await engine.close();
  });

  const SEARCH = "/api/2.0/mlflow/experiments/search?max_results=1";
  const doc = readFileSync("docs/cluster.md", "utf8");
  const trackingUri = /--from-literal=tracking_uri=http:\/\/(\S+)/.exec(doc)?.[1] ?? "";
  const literals =
    readKustomization("base/kustomization.yaml").configMapGenerator?.flatMap(({ literals = [] }) => literals) ?? [];
  const stemmas = literals.find((each) => each.startsWith("MLFLOW_TRACKING_URI="))?.replace(/^.*http:\/\//, "") ?? "";

  test.each([
    ["the pipelines", trackingUri],
    ["stemma", stemmas],
    ["kubectl port-forward", "127.0.0.1:5000"],
    ["a browser through it", "localhost:5000"],
  ])("answers to the name by which it is known to %s", async (_, host) => {
    expect(host).toMatch(/:5000$/);
    expect(await mlflow.ask(host, SEARCH)).toBe(200);
  });

  test("answers to no other name", async () => {
    expect(await mlflow.ask("elsewhere.example:5000", SEARCH)).toBe(403);
  });

  test("answers its probes by the pod's address, which is not in its list", async () => {
    expect(await mlflow.ask("10.244.0.17:5000", "/health")).toBe(200);
  });

  test("keeps artifacts as files of the repo", async () => {
    const path = "/api/2.0/mlflow-artifacts/artifacts/1/run/artifacts/tree.txt";
    expect(await mlflow.ask("localhost:5000", path, "PUT", "a tree")).toBe(200);
    expect(await readAll(engine.client, "artifacts")).toEqual({ "/1/run/artifacts/tree.txt": "a tree" });
  });
});
