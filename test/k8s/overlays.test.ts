import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { count } from "../helpers/scale.ts";
import { findViolations } from "./house-rules.ts";
import { build, findBuilder, hasGo, makeKustomize } from "./kustomize.ts";
import { K8S, type Manifest, OVERLAYS, parseManifests } from "./manifests.ts";
import { danglingReferences, secretsOf, unmatchedSelectors } from "./references.ts";
import { VERSIONS, validateText } from "./validator.ts";

const isLong = count(0) > 0;
const builder = isLong && hasGo() ? makeKustomize : findBuilder;
const why = hasGo() ? "`npm run test:long -- k8s` makes one with Go, and npm test then uses it" : "and no Go to make one";
const isThere = (isLong && hasGo()) || findBuilder() !== undefined;

// The report leaves out the names of what it skips.
if (!isThere) process.stdout.write(`test/k8s/overlays.test.ts is skipped: no kustomize here; ${why}\n`);

describe.skipIf(!isThere)(
  `the overlays as kustomize builds them${isThere ? "" : ` (skipped: no kustomize here; ${why})`}`,
  () => {
    const built = new Map<string, string>();
    const objects = new Map<string, readonly Manifest[]>();

    beforeAll(() => {
      const found = builder();
      for (const overlay of OVERLAYS) {
        const text = found === undefined ? "" : build(found, join(K8S, "overlays", overlay));
        built.set(overlay, text);
        objects.set(overlay, parseManifests(text));
      }
    }, 900_000);

    const textOf = (overlay: string): string => built.get(overlay) ?? "";
    const objectsOf = (overlay: string): readonly Manifest[] => objects.get(overlay) ?? [];

    test("are for one machine and for many", () => {
      expect(OVERLAYS.toSorted()).toEqual(["minikube", "production"]);
    });

    // The plain files are checked against all of them each time.
    const versions = isLong ? VERSIONS : ([VERSIONS[1]] as const);
    test.each(OVERLAYS.flatMap((overlay) => versions.map((version) => [overlay, version] as const)))(
      "%s: Kubernetes %s accepts every object, member by member",
      (overlay, version) => {
        const { passed, problems, output } = validateText(textOf(overlay), version);
        if (isLong) process.stdout.write(output.replaceAll(/\S+\/manifest\.yaml/g, overlay));
        expect(problems).toEqual([]);
        expect(passed).toHaveLength(objectsOf(overlay).length);
        expect(passed.length).toBeGreaterThan(20);
      },
    );

    test.each(OVERLAYS)("%s: the house's rules hold", (overlay) => {
      expect(objectsOf(overlay).flatMap((manifest) => findViolations(manifest, ["spark"]))).toEqual([]);
    });

    test.each(OVERLAYS)("%s: what is referred to is there, and what chooses pods finds some", (overlay) => {
      const theirs = ["NetworkPolicy spark-executors chooses no pod"]; // Spark makes them.
      expect(danglingReferences(objectsOf(overlay))).toEqual([]);
      expect(unmatchedSelectors(objectsOf(overlay))).toEqual(theirs);
    });

    test.each(OVERLAYS)("%s: every secret is one that docs/cluster.md makes", (overlay) => {
      const doc = readFileSync("docs/cluster.md", "utf8");
      const made = Array.from(
        doc.matchAll(/kubectl create secret generic (\S+) --namespace (\S+)((?:\s|\\\n)+--from-(?:literal|file)=(?:.*\\\n)*.*)/g),
        ([, name, namespace, values = ""]) =>
          Array.from(values.matchAll(/--from-(?:literal|file)=([\w-]+)=/g), ([, key]) => `${namespace} ${name} ${key}`),
      ).flat();
      const needed = secretsOf(objectsOf(overlay));
      expect(needed).toContain("stemma mlflow-database uri");
      expect(made).toEqual(expect.arrayContaining(needed));
    });

    test.each(OVERLAYS)("%s: nothing in or out of the namespace but by a policy of its own", (overlay) => {
      const policies = objectsOf(overlay).filter(({ kind }) => kind === "NetworkPolicy");
      expect(policies.find(({ metadata }) => metadata.name === "nothing")).toMatchObject({
        metadata: { namespace: "stemma" },
        spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
      });
      const names = policies.map(({ metadata }) => metadata.name).filter((name) => name !== "spark-executors");
      const artifacts = overlay === "minikube" ? "mlflow-to-pachyderm" : "mlflow-to-s3";
      expect(names.toSorted()).toEqual(["mlflow", artifacts, "names", "nothing", "postgres", "stemma"]);
    });

    test("production keeps one of MLflow's servers while machines are drained; a single one is not kept from it", () => {
      const budgets = (overlay: string) => objectsOf(overlay).filter(({ kind }) => kind === "PodDisruptionBudget");
      expect(budgets("minikube")).toEqual([]);
      expect(budgets("production")).toMatchObject([
        { metadata: { name: "mlflow", namespace: "stemma" }, spec: { minAvailable: 1 } },
      ]);
      const mlflow = objectsOf("production").find(({ kind, metadata }) => kind === "Deployment" && metadata.name === "mlflow");
      expect(mlflow).toMatchObject({ spec: { replicas: 2 } });
    });

    test("a misspelt member in a built object is found", () => {
      const budget = textOf("production")
        .split("---\n")
        .find((text) => text.includes("PodDisruptionBudget"));
      const text = budget?.replace("minAvailable", "minAvailabel") ?? "";
      expect(validateText(text, "1.34").problems).toEqual([expect.stringContaining("poddisruptionbudget/mlflow")]);
    });
  },
);
