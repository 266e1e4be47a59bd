import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../src/local/job-environment.ts";
import { freePort } from "../helpers/mlflow-server.ts";
import { type Manifest, readKustomization, readManifests } from "./manifests.ts";

interface Container {
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: ReadonlyArray<{ readonly name: string; readonly value?: string }>;
}

const START_LIMIT_MS = 240_000;
const POLL_MS = 500;

/** The MLflow server of the manifests, with their command and settings, but for the places that only a cluster has. */
export class MlflowOfManifests {
  readonly port: number;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(folder: string, port: number, child: ChildProcess) {
    this.#folder = folder;
    this.port = port;
    this.#process = child;
  }

  static async start(s3: string): Promise<MlflowOfManifests> {
    const folder = mkdtempSync(join(tmpdir(), "stemma-mlflow-k8s-"));
    const port = await freePort();
    const [deployment] = readManifests("base/mlflow/deployment.yaml");
    const { command, args, env } = containerOf(deployment);
    const here = args.join(" ").replace("--host 0.0.0.0", "--host 127.0.0.1").replace("--port 5000", `--port ${port}`).split(" ");
    const child = spawn(join(packageRoot, ".venv", "bin", command[0] ?? ""), [...command.slice(1), ...here], {
      cwd: folder,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: `${join(packageRoot, ".venv", "bin")}:/usr/bin:/bin`,
        ...literals("base/kustomization.yaml"),
        ...literals("components/artifacts-in-pachyderm/kustomization.yaml"),
        ...Object.fromEntries(env.map(({ name, value = "default" }) => [name, value])),
        MLFLOW_BACKEND_STORE_URI: `sqlite:///${join(folder, "mlflow.db")}`,
        MLFLOW_S3_ENDPOINT_URL: s3,
      },
    });
    const log = createWriteStream(join(folder, "server.log"));
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    const server = new MlflowOfManifests(folder, port, child);
    await server.#untilHealthy();
    return server;
  }

  /** Asks as somebody who knows the server by this name, and answers the status. */
  async ask(host: string, path: string, method = "GET", body = ""): Promise<number> {
    const call = request({ host: "127.0.0.1", port: this.port, path, method, headers: { host }, agent: false });
    call.end(body);
    const [response] = (await once(call, "response")) as [{ statusCode?: number; resume: () => void }];
    response.resume();
    return response.statusCode ?? 0;
  }

  async close(): Promise<void> {
    const ended = once(this.#process, "exit");
    if (this.#process.pid !== undefined) process.kill(-this.#process.pid, "SIGKILL");
    await ended;
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10 });
  }

  async #untilHealthy(): Promise<void> {
    const end = Date.now() + START_LIMIT_MS;
    while ((await this.ask("localhost", "/health").catch(() => 0)) !== 200) {
      if (Date.now() > end || this.#process.exitCode !== null) throw new Error("the manifests' MLflow server did not start");
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

function containerOf(deployment: Manifest | undefined): Container {
  const spec = deployment?.["spec"] as { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
  const [container] = spec.template.spec.containers;
  if (container === undefined) throw new Error("MLflow's deployment has no container");
  return container;
}

/** The settings that a kustomization gives MLflow. */
function literals(file: string): Record<string, string> {
  const generator = readKustomization(file).configMapGenerator?.find(({ name }) => name === "mlflow");
  return Object.fromEntries((generator?.literals ?? []).map((literal) => literal.split(/=(.*)/s, 2) as [string, string]));
}
