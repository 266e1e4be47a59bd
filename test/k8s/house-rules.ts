import type { Manifest } from "./manifests.ts";

interface Container {
  readonly name: string;
  readonly image: string;
  readonly ports?: readonly unknown[];
  readonly env?: ReadonlyArray<{ readonly name: string; readonly value?: string }>;
  readonly resources?: { readonly requests?: Quantities; readonly limits?: Quantities };
  readonly securityContext?: Settings;
  readonly [probe: `${string}Probe`]: unknown;
}

interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly securityContext?: Settings;
}

type Quantities = Readonly<Record<string, unknown>>;
type Settings = Readonly<Record<string, unknown>>;

/** The pods of an object, if it makes any. */
export function podSpecOf({ kind, spec }: Manifest): PodSpec | undefined {
  const found = spec as { template?: { spec: PodSpec }; jobTemplate?: { spec: { template: { spec: PodSpec } } } } | undefined;
  if (kind === "Pod") return spec as PodSpec;
  if (kind === "CronJob") return found?.jobTemplate?.spec.template.spec;
  return found?.template?.spec;
}

/** What an object does that is not done in this house. `mayAsk` are the service accounts whose pods ask Kubernetes. */
export function findViolations(manifest: Manifest, mayAsk: readonly string[] = []): string[] {
  const name = `${manifest.kind} ${manifest.metadata.name}`;
  const own = [
    ...(manifest.kind === "Secret" ? ["has values of secrets"] : []),
    ...(manifest.kind === "ServiceAccount" && manifest["automountServiceAccountToken"] !== false
      ? ["gives its token to all pods"]
      : []),
    ...(manifest.kind.startsWith("ClusterRole") ? ["has rights in the whole cluster"] : []),
    ...(manifest.kind === "Role" && JSON.stringify(manifest).includes('"*"') ? ["has rights by a star"] : []),
  ];
  const pod = podSpecOf(manifest);
  const all = pod === undefined ? own : [...own, ...podViolations(pod, mayAsk), ...containerViolations(manifest.kind, pod)];
  return all.map((what) => `${name} ${what}`);
}

function podViolations(pod: PodSpec, mayAsk: readonly string[]): string[] {
  const { serviceAccountName = "", securityContext = {} } = pod;
  const profile = (securityContext["seccompProfile"] as Settings | undefined)?.["type"];
  return [
    ...(serviceAccountName === "" ? ["has no service account of its own"] : []),
    ...(pod.automountServiceAccountToken !== false && !mayAsk.includes(serviceAccountName)
      ? ["gets a token that it does not need"]
      : []),
    ...(securityContext["runAsNonRoot"] !== true || securityContext["runAsUser"] === 0 ? ["may run as root"] : []),
    ...(profile === "RuntimeDefault" ? [] : ["has no seccomp profile"]),
  ];
}

function containerViolations(kind: string, { containers, initContainers = [] }: PodSpec): string[] {
  return [...containers, ...initContainers].flatMap((container) => {
    const { name, image, ports = [], env = [], resources = {}, securityContext = {} } = container;
    const isServer = ports.length > 0 || kind === "Deployment" || kind === "StatefulSet";
    const probes = isServer ? ["livenessProbe", ...(ports.length > 0 ? ["readinessProbe"] : [])] : [];
    const dropped = (securityContext["capabilities"] as { drop?: readonly string[] } | undefined)?.drop ?? [];
    const violations = [
      ...["cpu", "memory"].filter((what) => resources.requests?.[what] === undefined).map((what) => `requests no ${what}`),
      ...["cpu", "memory"].filter((what) => resources.limits?.[what] === undefined).map((what) => `has no limit of ${what}`),
      ...probes.filter((probe) => container[probe as `${string}Probe`] === undefined).map((probe) => `has no ${probe}`),
      ...(/:v?\d+\.\d+(\.\d+)?$/.test(image) ? [] : [`has an image without a version: ${image}`]),
      ...(securityContext["allowPrivilegeEscalation"] === false ? [] : ["may gain privileges"]),
      ...(securityContext["readOnlyRootFilesystem"] === true ? [] : ["may write to its image"]),
      ...(dropped.includes("ALL") ? [] : ["keeps capabilities"]),
      ...env
        .filter(({ name, value }) => value !== undefined && /password|secret|token|access_key/i.test(name))
        .map(({ name }) => `has the value of ${name}`),
    ];
    return violations.map((what) => `container ${name} ${what}`);
  });
}
