import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StemmaError } from "../../lineage/errors.ts";
import { parseMlflowAddress } from "../../mlflow/address.ts";
import type { MlflowClient } from "../../mlflow/client.ts";
import { MlflowHttp } from "../../mlflow/http.ts";
import type { Run } from "../../mlflow/types.ts";
import { judgeClock } from "./clock.ts";
import { type Finding, failed } from "./finding.ts";

const WHAT = "MLflow";
const ARTIFACTS = "artifacts";
const EXPERIMENT = "stemma-doctor";
const FILE = "stemma-doctor.txt";
const CALL_LIMIT_MS = 15_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether an MLflow server is there, of a version that is known; with `write`, whether its artifact store takes files. */
export async function checkMlflow(
  client: MlflowClient,
  env: Environment,
  { write }: { readonly write: boolean },
): Promise<readonly Finding[]> {
  const http = new MlflowHttp(parseMlflowAddress(client.uri, env), { timeoutMs: CALL_LIMIT_MS, env, signal: undefined });
  try {
    await client.checkHealth();
    const found = judgeVersion(await versionOf(http), client.uri);
    const [artifacts, clock] = await Promise.all([
      write ? tryArtifacts(client, http) : tryReading(client),
      readClock(client.uri),
    ]);
    return [found, artifacts, ...clock];
  } catch (error) {
    return [failed(WHAT, error, "See its log.")];
  }
}

/** Answered without credentials; undefined for a server, or one before it, that does not tell. */
async function versionOf(http: MlflowHttp): Promise<string | undefined> {
  try {
    const text = await http.text({ method: "GET", path: "/version", repeat: "always" });
    return /^\d+\.\d+[\w.]*$/.exec(text.trim())?.[0];
  } catch (error) {
    if (error instanceof StemmaError && error.code !== "UNREACHABLE") return undefined;
    throw error;
  }
}

export function judgeVersion(version: string | undefined, uri: string): Finding {
  const seen = { what: WHAT, detail: `${version ?? "does not tell its version"} at ${uri}` };
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  if (version === undefined) return { ...seen, state: "warn", advice: "Is that the address of an MLflow server?" };
  if (major < 2 || (major === 2 && minor < 4))
    return { ...seen, state: "fail", advice: "Upgrade it: stemma records data sets, which came with 2.4." };
  if (major < 3)
    return { ...seen, state: "warn", advice: "Upgrade to 3: before, models are files of a run, not things of their own." };
  return { ...seen, state: "ok" };
}

/** Whose rights it takes to read anything. */
async function tryReading(client: MlflowClient): Promise<Finding> {
  try {
    const experiments = await Array.fromAsync(client.listExperiments());
    const detail = `${experiments.length} experiments can be listed; not tried whether artifacts can be written`;
    return { state: "ok", what: ARTIFACTS, detail };
  } catch (error) {
    return failed(ARTIFACTS, error, "Check this user's rights.");
  }
}

/** Takes the way of every artifact: into the store and back, in a run that is deleted afterwards. */
async function tryArtifacts(client: MlflowClient, http: MlflowHttp): Promise<Finding> {
  const advice = "Check the server's --artifacts-destination, its credentials there, and that it serves artifacts.";
  const folder = await mkdtemp(join(tmpdir(), "stemma-doctor-"));
  try {
    const experimentId = await client.experimentId(EXPERIMENT);
    const run = await client.createRun({ experimentId, name: "doctor", startTime: new Date(), tags: {} });
    try {
      const detail = await writeAndRead(client, http, run, folder);
      return { state: "ok", what: ARTIFACTS, detail: `${detail}; run ${run.id} of experiment ${EXPERIMENT} made and deleted` };
    } finally {
      await client.deleteRun(run.id);
    }
  } catch (error) {
    return failed(ARTIFACTS, error, advice);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function writeAndRead(client: MlflowClient, http: MlflowHttp, run: Run, folder: string): Promise<string> {
  const file = join(folder, FILE);
  await writeFile(file, run.id);
  await client.putArtifact(run, FILE, { file });
  const pieces: Uint8Array[] = [];
  await client.readArtifact(run, FILE, (piece) => void pieces.push(piece));
  if (Buffer.concat(pieces).toString("utf8") !== run.id)
    throw new StemmaError("INTEGRITY", `an artifact of ${run.id.length} bytes came back as another`);
  const path = `/api/2.0/mlflow-artifacts/artifacts${new URL(run.artifactUri).pathname}/${FILE}`;
  await http.text({ method: "DELETE", path, repeat: "always" });
  return "a file was written, read and removed";
}

/** By the header that every HTTP server sends, to the second; nothing where none comes, as from behind a proxy. */
async function readClock(uri: string): Promise<readonly Finding[]> {
  const before = new Date();
  const server = await dateOf(`${uri}/health`);
  return server === undefined ? [] : [judgeClock("MLflow clock", { server, before, after: new Date(), stepMs: 1000 })];
}

async function dateOf(url: string): Promise<Date | undefined> {
  try {
    const answer = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(CALL_LIMIT_MS) });
    const date = new Date(answer.headers.get("date") ?? Number.NaN);
    return Number.isNaN(date.getTime()) ? undefined : date;
  } catch (error) {
    if (error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError")) return undefined;
    throw error;
  }
}
