import { type Manifest, membersNamed } from "./manifests.ts";
import { podSpecOf } from "./house-rules.ts";

/** Secrets that pods refer to, as `namespace/name key`: they are made by hand, as docs/cluster.md says. */
export function secretsOf(manifests: readonly Manifest[]): string[] {
  const found = manifests.flatMap((manifest) =>
    (membersNamed(manifest, "secretKeyRef") as ReadonlyArray<{ readonly name: string; readonly key: string }>).map(
      ({ name, key }) => `${manifest.metadata.namespace} ${name} ${key}`,
    ),
  );
  return [...new Set(found)].sort();
}

/** References from pods, policies and bindings to what none of these objects is. */
export function danglingReferences(manifests: readonly Manifest[]): string[] {
  const made = new Set(manifests.map(({ kind, metadata: { name, namespace } }) => `${kind} ${namespace}/${name}`));
  return manifests.flatMap((manifest) => referencesOf(manifest)).filter((reference) => !made.has(reference));
}

function referencesOf(manifest: Manifest): string[] {
  const { namespace } = manifest.metadata;
  const named = (member: string, kind: string): string[] =>
    (membersNamed(manifest, member) as ReadonlyArray<{ readonly name: string }>).map(
      ({ name }) => `${kind} ${namespace}/${name}`,
    );
  const claims = membersNamed(manifest, "claimName").map((name) => `PersistentVolumeClaim ${namespace}/${String(name)}`);
  const account = podSpecOf(manifest)?.serviceAccountName;
  const bound = (membersNamed(manifest, "subjects") as ReadonlyArray<ReadonlyArray<{ name: string; namespace?: string }>>)
    .flat()
    .map(({ name, namespace }) => `ServiceAccount ${namespace}/${name}`);
  return [
    ...named("configMapRef", "ConfigMap"),
    ...named("configMap", "ConfigMap"),
    ...named("roleRef", "Role"),
    ...claims,
    ...bound,
    ...(account === undefined ? [] : [`ServiceAccount ${namespace}/${account}`]),
  ];
}

/** Policies, services and budgets that choose pods by labels which no pod of theirs has. Pachyderm's pods are not among them. */
export function unmatchedSelectors(manifests: readonly Manifest[]): string[] {
  const pods = manifests.flatMap((manifest) => {
    const labels = membersNamed(manifest["spec"], "template").map((template) => labelsOf(template));
    return labels.map((each) => ({ namespace: manifest.metadata.namespace, labels: each }));
  });
  return manifests.flatMap(({ kind, metadata: { name, namespace }, spec }) => {
    const chosen = selectorOf(kind, spec);
    if (chosen === undefined) return [];
    const matches = pods.some(
      (pod) => pod.namespace === namespace && Object.entries(chosen).every(([key, value]) => pod.labels[key] === value),
    );
    return matches ? [] : [`${kind} ${name} chooses no pod`];
  });
}

type Labels = Readonly<Record<string, string>>;

function labelsOf(template: unknown): Labels {
  return (template as { readonly metadata?: { readonly labels?: Labels } }).metadata?.labels ?? {};
}

function selectorOf(kind: string, spec: unknown): Labels | undefined {
  const found = spec as { podSelector?: { matchLabels?: Labels }; selector?: Labels & { matchLabels?: Labels } } | undefined;
  if (kind === "NetworkPolicy") return found?.podSelector?.matchLabels;
  if (kind === "Service") return found?.selector;
  return found?.selector?.matchLabels;
}
