import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseSpec } from "../../src/engine/pps/spec-json.ts";
import { K8S, readKustomization, readManifests } from "./manifests.ts";
import { VERSIONS, validateText } from "./validator.ts";
import { WORKER_POD, applyPatch } from "./worker-pod.ts";

const TEMPLATES = "/etc/spark-on-kubernetes";

function readSpec(file: string) {
  return parseSpec(readFileSync(file, "utf8"));
}

describe.each(["etl", "train"])("k8s/spark/%s.json", (name) => {
  const spec = readSpec(join(K8S, "spark", `${name}.json`));
  const local = readSpec(join("pipelines", `${name}.json`));
  const { cmd = [], env = {}, image, secrets } = spec.transform ?? {};
  const patched = applyPatch(WORKER_POD, JSON.parse(spec.pod_patch ?? "") as Parameters<typeof applyPatch>[1]);

  test("takes the place of the pipeline of that name: the same input repo, image and secrets, the same program", () => {
    expect(spec.pipeline).toEqual(local.pipeline);
    expect(spec.input?.pfs).toMatchObject({ repo: local.input?.pfs?.repo, branch: local.input?.pfs?.branch });
    expect(image).toBe(local.transform?.image);
    expect(secrets).toEqual(local.transform?.secrets);
    expect(cmd).toContain(`pipelines/${name}.py`);
    expect(local.transform?.cmd).toContain(`pipelines/${name}.py`);
  });

  test("runs a script that the kustomization brings, with every variable that the script reads", () => {
    const files = readKustomization("spark/kustomization.yaml").configMapGenerator?.flatMap(({ files = [] }) => files) ?? [];
    const script = cmd.find((word) => word.startsWith(`${TEMPLATES}/`)) ?? "";
    expect(files).toContain(script.replace(`${TEMPLATES}/`, ""));
    expect(files).toContain("executor.yaml");
    const text = readFileSync(join(K8S, "spark", "run.sh"), "utf8");
    const read = new Set(Array.from(text.matchAll(/\$\{?([A-Z_]{3,})/g), ([, variable = ""]) => variable));
    // Pachyderm's worker sets these.
    const given = new Set([
      "PPS_PIPELINE_NAME",
      "PPS_POD_NAME",
      "PPS_WORKER_IP",
      "PACH_JOB_ID",
      "PACH_DATUM_ID",
      "PACH_NAMESPACE",
    ]);
    const readBySpark = new Set(["SPARK_CONF_DIR", "SPARK_DRIVER_MEMORY"]);
    expect([...read].filter((variable) => !given.has(variable)).toSorted()).toEqual(
      Object.keys(env)
        .filter((variable) => !readBySpark.has(variable))
        .toSorted(),
    );
    expect(env["SPARK_IMAGE"]).toBe(image);
    expect(env["TEMPLATES"]).toBe(TEMPLATES);
  });

  test.each(VERSIONS)("makes a worker's pod that Kubernetes %s accepts, and that may be Spark's driver", (version) => {
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: patched };
    expect(validateText(JSON.stringify(pod), version)).toMatchObject({ passed: [`pod/${name}`], problems: [] });
    const bound = readManifests("spark/role.yaml").find(({ kind }) => kind === "RoleBinding");
    expect(bound?.["subjects"]).toEqual([{ kind: "ServiceAccount", name: patched["serviceAccountName"] }]);
  });

  test("mounts the scripts where its command looks for them, and the folder that the executors mount too", () => {
    const [user] = patched["containers"] as Array<{ name: string; volumeMounts: unknown[]; securityContext: object }>;
    expect(user).toMatchObject({ name: "user", securityContext: { runAsNonRoot: true, runAsUser: 1000 } });
    expect(user?.volumeMounts).toEqual(
      expect.arrayContaining([
        { name: "spark-on-kubernetes", mountPath: TEMPLATES, readOnly: true },
        { name: "spark-scratch", mountPath: env["SCRATCH"] },
      ]),
    );
    const [executor] = readManifests("spark/executor.yaml");
    expect(executor).toMatchObject({
      spec: {
        securityContext: { runAsUser: 1000 },
        volumes: expect.arrayContaining([{ name: "spark-scratch", persistentVolumeClaim: { claimName: "spark-scratch" } }]),
        containers: [{ image, volumeMounts: expect.arrayContaining([{ name: "spark-scratch", mountPath: env["SCRATCH"] }]) }],
      },
    });
    expect(patched["volumes"]).toEqual(
      expect.arrayContaining([
        { name: "spark-on-kubernetes", configMap: { name: "spark-on-kubernetes" } },
        { name: "spark-scratch", persistentVolumeClaim: { claimName: "spark-scratch" } },
      ]),
    );
  });

  test("a misspelt field is refused", () => {
    const text = readFileSync(join(K8S, "spark", `${name}.json`), "utf8");
    expect(() => parseSpec(text.replace('"pod_patch"', '"pod_pach"'))).toThrow(/pod_pach/);
  });

  test("a patch that does not fit the pod is seen", () => {
    const other = { ...WORKER_POD, containers: (WORKER_POD["containers"] as unknown[]).toReversed() };
    expect(() => applyPatch(other, JSON.parse(spec.pod_patch ?? "") as Parameters<typeof applyPatch>[1])).toThrow(
      "/containers/0/name is not user",
    );
  });
});

test("the ports that executors may use are those that run.sh gives Spark", () => {
  const script = readFileSync(join(K8S, "spark", "run.sh"), "utf8");
  const port = (setting: string): number => Number(new RegExp(`--conf ${setting}=(\\d+)`).exec(script)?.[1]);
  const [policy] = readManifests("spark/network.yaml");
  const toDriver = [port("spark.driver.port"), port("spark.driver.blockManager.port")].map((each) => ({
    protocol: "TCP",
    port: each,
  }));
  const toExecutors = [{ protocol: "TCP", port: port("spark.blockManager.port") }];
  expect(policy?.["spec"]).toMatchObject({
    ingress: [{ ports: toExecutors }],
    egress: [{ ports: toExecutors }, { ports: toDriver }, { ports: [{ port: 53 }, { port: 53 }] }],
  });
});
