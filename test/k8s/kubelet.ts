import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jobEnvironment, packageRoot } from "../../src/local/job-environment.ts";
import { KubernetesApi, type KubernetesObject, type Right } from "./kubernetes-api.ts";

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
}

interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: readonly Variable[];
}

/** A cluster of this machine alone: an API with rights, and a process for each executor that Spark asks for. */
export class LocalCluster {
  readonly pods: KubernetesObject[] = [];
  readonly api: KubernetesApi;
  readonly #folder = mkdtempSync(join(tmpdir(), "stemma-kubelet-"));
  readonly #children = new Map<string, ChildProcess>();
  readonly #imageEnvironment = imageEnvironment();

  /** The first pod fails before it does anything. */
  constructor(rights: readonly Right[]) {
    this.api = new KubernetesApi(rights, {
      onPod: (pod) => this.#start(pod),
      onGone: (name) => this.#children.get(name)?.kill(),
    });
  }

  /** The worker's pod that becomes a driver: Spark asks for it by its name, and that its executors go with it. */
  addWorker(name: string): void {
    const status = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
    this.api.put("pods", { kind: "Pod", metadata: { name }, spec: { containers: [] }, status });
  }

  async close(): Promise<void> {
    this.api.close();
    const running = [...this.#children.values()].filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    for (const child of running) child.kill();
    await Promise.all(running.map((child) => once(child, "exit")));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The image's own entry point, with the environment of the image as this machine has it, and of the pod. */
  #start(pod: KubernetesObject): void {
    this.pods.push(pod);
    const [container] = (pod["spec"] as { readonly containers: readonly Container[] }).containers;
    if (container === undefined || this.pods.length === 1) {
      const terminated = { exitCode: 1, reason: "Error" };
      this.#update(pod, "Failed", [{ name: container?.name, state: { terminated } }]);
      return;
    }
    const child = spawn(join(packageRoot, "docker", "spark", "entrypoint.sh"), container.args, {
      cwd: packageRoot,
      env: {
        ...this.#imageEnvironment,
        ...podEnvironment(pod, container),
        SPARK_LOCAL_DIRS: this.#folder,
      },
      stdio: "ignore",
    });
    this.#children.set(pod.metadata.name, child);
    this.#update(pod, "Running", [{ name: container.name, state: { running: {} } }]);
  }

  #update(pod: KubernetesObject, phase: string, containerStatuses: readonly object[]): void {
    this.api.put("pods", { ...pod, status: { phase, podIP: "127.0.0.1", containerStatuses } });
  }
}

function podEnvironment({ metadata }: KubernetesObject, { env }: Container): Record<string, string> {
  const fields: Readonly<Record<string, string>> = { "status.podIP": "127.0.0.1", "metadata.name": metadata.name };
  return Object.fromEntries(
    env.map(({ name, value, valueFrom }) => [name, value ?? fields[valueFrom?.fieldRef.fieldPath ?? ""] ?? ""]),
  );
}

/** What the image sets, by what is installed here. */
function imageEnvironment(): Record<string, string | undefined> {
  const environment = jobEnvironment(process.env);
  const program = 'from importlib.util import find_spec; print(find_spec("pyspark").submodule_search_locations[0])';
  const { stdout } = spawnSync(join(packageRoot, ".venv", "bin", "python"), ["-c", program], { encoding: "utf8" });
  return { ...environment, SPARK_HOME: stdout.trim(), JAVA_HOME: environment["JAVA_HOME"] ?? "/usr" };
}
