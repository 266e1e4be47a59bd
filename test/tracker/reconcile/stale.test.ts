import { describe, expect, test } from "vitest";
import { findStale } from "../../../src/tracker/reconcile/stale.ts";
import { trackedRun } from "./tracked-run.ts";

const JOB = "d".repeat(32);
const NOW = new Date("2026-11-21T12:00:00Z");
const JUST_NOW = "2026-11-21T11:55:00Z";
const LONG_AGO = "2026-11-21T11:45:00Z";
const IN_JOB = { "pachyderm.pipeline": "train", "pachyderm.job": JOB };
const HERE = { "stemma.host": "here", "stemma.pid": "7", "stemma.pid_started": "100" };

/** Why a run with these tags is stale, ten minutes being long, when its job has this state and process 7 began then. */
async function whyStale(
  tags: Readonly<Record<string, string>>,
  { state, started }: { state?: string; started?: string | undefined } = {},
): Promise<string | undefined> {
  const job = { pipeline: { project: "default", name: "train" }, id: JOB };
  const noJob = { inputs: [], stats: { downloadMs: 0, processMs: 0, uploadMs: 0, downloadBytes: 0, uploadBytes: 0 }, reason: "" };
  const datums = { total: 1, processed: 0, skipped: 0, failed: 0, recovered: 0 };
  const commit = { repo: { project: "default", name: "train", type: "user" as const }, id: JOB };
  const info = {
    ...noJob,
    job,
    datums,
    outputCommit: commit,
    pipelineVersion: 1,
    created: NOW,
    started: NOW,
    finished: undefined,
    image: "",
  };
  const finding = await findStale(trackedRun({ tags }), {
    findJob: async () => (state === undefined ? undefined : { ...info, state }),
    processes: { host: "here", findProcess: (pid) => (pid === 7 && started !== undefined ? { started } : undefined) },
    now: NOW,
    staleAfterMs: 600_000,
  });
  return finding?.message;
}

describe("a run in a job", () => {
  test.each(["JOB_SUCCESS", "JOB_FAILURE", "JOB_KILLED", "JOB_UNRUNNABLE"])(
    "is stale when the job is %s, at once",
    async (state) => {
      expect(await whyStale({ ...IN_JOB, "stemma.heartbeat": JUST_NOW }, { state })).toBe(
        `job train@${JOB} has ended with ${state}`,
      );
    },
  );

  test.each(["JOB_CREATED", "JOB_STARTING", "JOB_RUNNING", "JOB_EGRESSING", "JOB_FINISHING"])(
    "is not stale while the job is %s, as another attempt may come",
    async (state) => {
      expect(await whyStale({ ...IN_JOB, "stemma.heartbeat": LONG_AGO }, { state })).toBeUndefined();
    },
  );

  test("whose job is not there is stale when it gives no sign: it may be a job of another Pachyderm", async () => {
    expect(await whyStale({ ...IN_JOB, "stemma.heartbeat": JUST_NOW })).toBeUndefined();
    expect(await whyStale({ ...IN_JOB, "stemma.heartbeat": LONG_AGO })).toContain(`job train@${JOB} is not there`);
  });

  test("is not judged by its process, whose number means something within its container alone", async () => {
    expect(await whyStale({ ...IN_JOB, ...HERE }, { state: "JOB_RUNNING" })).toBeUndefined();
  });
});

describe("a run by hand", () => {
  test.each([
    ["lives while its process does, whatever its heartbeat", HERE, "100", undefined],
    ["is stale when its process is gone", HERE, undefined, "its tracker, process 7 on here, is gone"],
    ["is stale when its process is another one", HERE, "101", "its tracker is gone: process 7 on here is another one now"],
  ])("%s", async (_, tags, started, reason) => {
    expect(await whyStale({ ...tags, "stemma.heartbeat": LONG_AGO }, { started })).toBe(reason);
  });

  test.each([
    ["its heartbeat is old", { "stemma.heartbeat": LONG_AGO }, true],
    ["its heartbeat is new", { "stemma.heartbeat": JUST_NOW }, false],
    ["it has none, and began long ago", {}, true],
    [
      "its latest attempt began just now",
      { "stemma.attempts": `[{"attempt":2,"started":"${JUST_NOW}","host":"x","pid":1}]` },
      false,
    ],
    ["its heartbeat is no time", { "stemma.heartbeat": "soon" }, true],
  ])("elsewhere, when %s", async (_, tags, isStale) => {
    expect((await whyStale({ ...HERE, "stemma.host": "elsewhere", ...tags })) !== undefined).toBe(isStale);
  });
});

test("a run that has ended is never stale", async () => {
  const signs = {
    findJob: async () => undefined,
    processes: { host: "", findProcess: () => undefined },
    now: NOW,
    staleAfterMs: 0,
  };
  expect(await findStale(trackedRun({ status: "FAILED" }), signs)).toBeUndefined();
});
