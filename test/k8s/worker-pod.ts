import type { Json } from "./manifests.ts";

/**
 * A worker's pod as pachd 2.12 makes it for a pipeline, as far as it matters here: the user's container comes first, the sidecar for
 * storage second.
 */
export const WORKER_POD: Json = {
  serviceAccountName: "pachyderm-worker",
  automountServiceAccountToken: true,
  restartPolicy: "Always",
  initContainers: [
    { name: "init", image: "pachyderm/worker:2.12.0", command: ["/app/init"], volumeMounts: [mount("pach-bin", "/pach-bin")] },
  ],
  containers: [
    {
      name: "user",
      image: "stemma/spark:0.1.0",
      command: ["/pach-bin/dumb-init", "--", "/pach-bin/worker"],
      volumeMounts: [mount("pach-bin", "/pach-bin"), mount("pachyderm-worker", "/pfs")],
    },
    {
      name: "storage",
      image: "pachyderm/pachd:2.12.0",
      command: ["/pachd", "--mode", "sidecar"],
      volumeMounts: [mount("tmp", "/tmp")],
    },
  ],
  volumes: ["pach-bin", "pachyderm-worker", "tmp"].map((name) => ({ name, emptyDir: {} })),
};

function mount(name: string, mountPath: string): Json {
  return { name, mountPath };
}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value: unknown;
}

/** Applies a JSON patch (RFC 6902), of which the operations add, replace and test. Throws where it does not fit. */
export function applyPatch(target: Json, patch: readonly Operation[]): Json {
  const patched = structuredClone(target);
  for (const { op, path, value } of patch) {
    const names = path.split("/").slice(1);
    const last = names.pop() ?? "";
    const parent = names.reduce<unknown>((found, name) => memberOf(found, name), patched) as Record<string, unknown> | unknown[];
    if (op === "test" && JSON.stringify(memberOf(parent, last)) !== JSON.stringify(value))
      throw new Error(`${path} is not ${String(value)}`);
    if (op === "replace") memberOf(parent, last);
    if (op !== "test") set(parent, last, value);
  }
  return patched;
}

function memberOf(parent: unknown, name: string): unknown {
  const found = (parent as Readonly<Record<string, unknown>>)[name];
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

function set(parent: Record<string, unknown> | unknown[], name: string, value: unknown): void {
  if (Array.isArray(parent) && name === "-") parent.push(value);
  else (parent as Record<string, unknown>)[name] = value;
}
