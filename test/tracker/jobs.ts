import { mkdir, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { RunCard } from "../../src/tracker/card/run-card.ts";
import { freePort } from "../helpers/mlflow-server.ts";
import { makeFolder, newId } from "./harness.ts";

/** What a worker gives a datum: folders and an environment. The Pachyderm that it names is not there. */
interface Datum {
  readonly env: Record<string, string>;
  readonly out: string;
  readonly job: string;
  /** Of the input "etl". */
  readonly commit: string;
}

export async function makeDatum(): Promise<Datum> {
  const root = join(await makeFolder(), "pfs");
  await mkdir(join(root, "out"), { recursive: true });
  const [job, commit] = [newId(), newId()];
  const env = {
    PACH_JOB_ID: job,
    PACH_OUTPUT_COMMIT_ID: job,
    PACH_DATUM_ID: "d".repeat(64),
    PPS_PIPELINE_NAME: "train",
    PPS_PROJECT_NAME: "default",
    PACHD_PEER_SERVICE_HOST: "127.0.0.1",
    PACHD_PEER_SERVICE_PORT: String(await freePort()),
    STEMMA_PFS_ROOT: root,
    etl: join(root, "etl"),
    etl_COMMIT: commit,
  };
  return { env, out: join(root, "out"), job, commit };
}

/** The only file of a folder, which is a run card. */
export async function readCard(folder: string): Promise<RunCard> {
  const [name, ...others] = await readdir(folder);
  expect(others).toEqual([]);
  return JSON.parse(await readFile(join(folder, String(name)), "utf8")) as RunCard;
}
