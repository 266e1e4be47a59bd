import { describe, expect, test } from "vitest";
import { readWorkerJob } from "../../../src/tracker/capture/environment.ts";

const JOB = "1".repeat(32);
const A = "a".repeat(32);
const B = "b".repeat(32);

const WORKER = {
  PATH: "/bin",
  PACH_JOB_ID: JOB,
  PACH_OUTPUT_COMMIT_ID: JOB,
  PACH_DATUM_ID: "d".repeat(64),
  PPS_PIPELINE_NAME: "train",
  PPS_PROJECT_NAME: "fraud",
  PPS_SPEC_COMMIT: "5".repeat(32),
  PACHD_PEER_SERVICE_HOST: "10.0.0.7",
  PACHD_PEER_SERVICE_PORT: "30653",
  GIT_COMMIT: "c0ffee",
  etl: "/pfs/etl",
  etl_COMMIT: A,
  "by-day": "/pfs/by-day/2026/day 1.csv",
  "by-day_COMMIT": B,
};

describe("readWorkerJob", () => {
  test("is undefined outside of a job", () => {
    expect(readWorkerJob({ PATH: "/bin", GIT_COMMIT: "c0ffee" })).toBeUndefined();
  });

  test("reads what a worker sets", () => {
    expect(readWorkerJob(WORKER)).toEqual({
      project: "fraud",
      pipeline: "train",
      job: JOB,
      outputCommit: JOB,
      datum: "d".repeat(64),
      specCommit: "5".repeat(32),
      inputs: [
        { name: "by-day", path: "/2026/day 1.csv", commit: B },
        { name: "etl", path: "/", commit: A },
      ],
      outputFolder: "/pfs/out",
      pachdAddress: "10.0.0.7:30653",
    });
  });

  test("takes inputs and output from where /pfs is", () => {
    const env = {
      ...WORKER,
      STEMMA_PFS_ROOT: "/tmp/datum-7/pfs/",
      etl: "/tmp/datum-7/pfs/etl/x.csv",
      "by-day": "/tmp/datum-7/pfs/by-day",
    };
    expect(readWorkerJob(env)).toMatchObject({
      inputs: [
        { name: "by-day", path: "/" },
        { name: "etl", path: "/x.csv" },
      ],
      outputFolder: "/tmp/datum-7/pfs/out",
    });
  });

  test("a variable that ends alike and has no path of its own beside it is no input", () => {
    const env = { ...WORKER, LAST: "/pfs/other", LAST_COMMIT: A, etl: "/pfs/etl-old/x" };
    expect(readWorkerJob(env)?.inputs.map(({ name }) => name)).toEqual(["by-day"]);
  });
});
