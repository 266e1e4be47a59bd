import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { findViolations } from "./house-rules.ts";
import { K8S, readKustomization, readManifests, resourceFiles, yamlFiles } from "./manifests.ts";
import { VERSIONS, validate, validateText } from "./validator.ts";

const POD_TEMPLATES = ["spark/driver.yaml", "spark/executor.yaml"];
const plainFiles = [...resourceFiles(), ...POD_TEMPLATES].sort();

test("each YAML file is a kustomization, one of its resources, a pod template, or values for Pachyderm's chart", () => {
  const others = yamlFiles().filter((file) => basename(file) !== "kustomization.yaml" && !file.startsWith("pachyderm/values-"));
  expect(others).toEqual(plainFiles);
});

test("no two resources have one name", () => {
  const names = resourceFiles().flatMap((file) => readManifests(file).map(({ kind, metadata }) => `${kind}/${metadata.name}`));
  expect(new Set(names).size).toBe(names.length);
});

describe.each(VERSIONS)("Kubernetes %s", (version) => {
  test("accepts every plain file, member by member", () => {
    const expected = plainFiles.flatMap((file) =>
      readManifests(file).map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`),
    );
    const { passed, problems } = validate(
      plainFiles.map((file) => join(K8S, file)),
      version,
    );
    expect(problems).toEqual([]);
    expect(passed.toSorted()).toEqual(expected.toSorted());
  });
});

describe("the validator finds", () => {
  const postgres = readFileSync(join(K8S, "base/postgres/stateful-set.yaml"), "utf8");

  test.each([
    ["a misspelt member", "containerPort: 5432", "containrPort: 5432", "'containerPort' is a required property"],
    ["a member that is not there", "replicas: 1", "replicas: 1\n  replica: 2", "('replica' was unexpected)"],
    ["a wrong type", "replicas: 1", "replicas: one", "'one' is not of type 'integer', 'null'"],
    ["a kind without a schema", "kind: StatefulSet", "kind: StatefullSet", "Couldn't find schema for kind StatefullSet"],
  ])("%s", (_, good, bad, problem) => {
    expect(postgres).toContain(good);
    expect(validateText(postgres.replace(good, bad), "1.34").problems).toEqual([expect.stringContaining(problem)]);
  });
});

describe("the house's rules", () => {
  test.each(plainFiles)("hold in %s", (file) => {
    expect(readManifests(file).flatMap((manifest) => findViolations(manifest, ["spark"]))).toEqual([]);
  });

  const [postgres] = readManifests("base/postgres/stateful-set.yaml");
  test.each([
    ["limits", "has no limit of memory"],
    ["requests", "requests no memory"],
    ["livenessProbe", "has no livenessProbe"],
    ["readinessProbe", "has no readinessProbe"],
    ["runAsNonRoot", "may run as root"],
    ["serviceAccountName", "has no service account of its own"],
    ["automountServiceAccountToken", "gets a token that it does not need"],
    ["capabilities", "keeps capabilities"],
    ["readOnlyRootFilesystem", "may write to its image"],
    ["seccompProfile", "has no seccomp profile"],
  ])("see a pod without %s", (member, violation) => {
    const without = JSON.parse(
      JSON.stringify(postgres, (key, value: unknown) => (key === member ? undefined : value)),
    ) as typeof postgres;
    expect(postgres && findViolations(postgres)).toEqual([]);
    expect(without && findViolations(without).join("\n")).toContain(violation);
  });
});

test("every container's configuration comes from a map that a kustomization makes", () => {
  const generated = yamlFiles()
    .filter((file) => basename(file) === "kustomization.yaml")
    .flatMap((file) => (readKustomization(file).configMapGenerator ?? []).map(({ name }) => name));
  const maps = plainFiles.flatMap((file) =>
    Array.from(readFileSync(join(K8S, file), "utf8").matchAll(/configMapRef:\s+name: (\S+)/g), ([, name]) => name),
  );
  expect(new Set(maps)).toEqual(new Set(["mlflow", "stemma"]));
  expect(generated).toEqual(expect.arrayContaining([...new Set(maps)]));
});
