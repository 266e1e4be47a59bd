import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CommitRow, commitById, sealCommit } from "../../../src/engine/pfs/commits.ts";
import { createPipeline } from "../../../src/engine/pps/create-pipeline.ts";
import { finishWhenParentHas } from "../../../src/engine/pfs/finish.ts";
import { type JobQuery, listJobs } from "../../../src/engine/pps/job-lists.ts";
import {
  type JobRow,
  deleteJob,
  endJob,
  findJobById,
  jobById,
  lastJob,
  nextJobs,
  restartJobs,
  setJobState,
  stopJob,
} from "../../../src/engine/pps/jobs.ts";
import { withDefaults } from "../../../src/engine/pps/pipeline-defaults.ts";
import { startPipeline, stopPipeline } from "../../../src/engine/pps/pipeline-life.ts";
import { inspectPipeline } from "../../../src/engine/pps/pipelines.ts";
import { removeCommit } from "../../../src/engine/pfs/remove-commits.ts";
import { createRepo } from "../../../src/engine/pfs/repos.ts";
import { listJobInfos, listJobSets, waitForJob } from "../../../src/engine/services/job-queries.ts";
import { startCommit } from "../../../src/engine/pfs/start-commit.ts";
import { EngineState } from "../../../src/engine/state.ts";
import type { Transaction } from "../../../src/engine/transaction.ts";
import type { ListJobRequest__Output as ListJobRequest } from "../../../src/pachyderm/generated/pps_v2/ListJobRequest.ts";

const IN = { project: "default", name: "in", type: "user" };

let home: string;
let state: EngineState;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "stemma-jobs-"));
  state = await EngineState.open(home);
  state.write((tx) => createRepo(tx, IN, ""));
});
afterEach(async () => {
  state.close();
  await rm(home, { recursive: true, force: true });
});

/** A pipeline that reads a repo, and its first job. There is no runner: the tests do its part. */
function newPipeline(name: string, input = "in", cmd: string[] = ["true"]): JobRow {
  const spec = { pipeline: { name }, transform: { cmd }, input: { pfs: { repo: input, glob: "/*" } } };
  const userJson = JSON.stringify(spec);
  const { json: effectiveJson } = withDefaults(state.db, userJson);
  state.write((tx) => createPipeline(tx, state.nodes, { userJson, effectiveJson, update: false, reprocess: false }));
  return newestJob(name);
}

function newestJob(name: string): JobRow {
  const { id } = inspectPipeline(state.db, { project: "default", name });
  return lastJob(state.db, id) ?? expect.fail(`${name} has no job`);
}

const now = (job: JobRow): JobRow => jobById(state.db, job.id);

function finish(tx: Transaction, commit: CommitRow): void {
  sealCommit(tx, commit);
  finishWhenParentHas(tx, state.nodes, commitById(tx.db, commit.id));
}

function commitTo(repo = IN): CommitRow {
  return state.write((tx) => {
    const commit = startCommit(tx, repo, "master", "");
    finish(tx, commit);
    return commit;
  });
}

/** The commits that a job writes: of its pipeline's output and meta repos. */
function written(job: JobRow): CommitRow[] {
  return state.db.all(
    "SELECT c.* FROM commits c JOIN repos r ON r.id = c.repo WHERE c.set_id = ? AND r.name <> 'in' AND r.type <> 'spec'",
    job.set_id,
  );
}

function succeed(job: JobRow): void {
  state.write((tx) => endJob(tx, state.nodes, job, { state: "JOB_SUCCESS", reason: "" }));
}

describe("a job", () => {
  test("that has ended stays as it is, also when it is stopped", () => {
    const job = newPipeline("p");
    succeed(job);
    state.write((tx) => stopJob(tx, state.nodes, now(job), "late"));
    expect(now(job)).toMatchObject({ state: "JOB_SUCCESS", reason: "" });
  });

  test("waits to be finished while the commit before its own is open, in nobody's way, and has then ended", () => {
    const key = { project: "default", name: "p" };
    succeed(newPipeline("p"));
    state.write((tx) => stopPipeline(tx, state.nodes, key));
    const mine = state.write((tx) => startCommit(tx, { ...key, type: "user" }, "master", ""));
    state.write((tx) => startPipeline(tx, key));
    const job = newestJob("p");
    succeed(job);
    expect(now(job)).toMatchObject({ state: "JOB_FINISHING", finished: null });
    expect(nextJobs(state.db)).toEqual([]);
    state.write((tx) => restartJobs(tx));
    expect(now(job).state).toBe("JOB_FINISHING");
    state.write((tx) => finish(tx, mine));
    expect(now(job).state).toBe("JOB_SUCCESS");
    expect(written(job).every(({ finished }) => finished !== null)).toBe(true);
  });

  test("is killed when its output commit is removed, and leaves no commit open", () => {
    succeed(newPipeline("p"));
    commitTo();
    const job = newestJob("p");
    state.write((tx) => {
      setJobState(tx, job, "JOB_RUNNING");
      removeCommit(tx, "drop", commitById(tx.db, job.output_commit ?? 0), false);
    });
    expect(now(job)).toMatchObject({ state: "JOB_KILLED", reason: "output commit removed", output_commit: null });
    expect(written(job)).toMatchObject([{ error: "output commit removed", finished: expect.any(Number) as number }]);
  });

  test("that is deleted while it runs leaves its commits finished, with that as their error", () => {
    const job = newPipeline("p");
    state.write((tx) => setJobState(tx, job, "JOB_RUNNING"));
    state.write((tx) => deleteJob(tx, state.nodes, now(job)));
    expect(findJobById(state.db, job.id)).toBeUndefined();
    expect(written(job).map(({ error, finished }) => [error, finished !== null])).toEqual([
      ["job deleted", true],
      ["job deleted", true],
    ]);
  });

  test("of a pipeline that has nothing to run is killed before anybody sees it", () => {
    const job = newPipeline("p", "in", []);
    commitTo();
    for (const killed of [job, newestJob("p")]) {
      expect(killed).toMatchObject({ state: "JOB_KILLED", reason: "job stopped" });
      expect(written(killed).every(({ error }) => error === "job stopped")).toBe(true);
    }
    expect(newestJob("p").id).toBeGreaterThan(job.id);
  });

  test("of another pipeline is not touched by any of that", () => {
    const other = newPipeline("other");
    newPipeline("p", "in", []);
    expect(now(other)).toEqual(other);
  });

  test("that a stopped engine left in the middle begins anew, and counts that", () => {
    const [running, waiting, ended] = [newPipeline("a"), newPipeline("b"), newPipeline("c")];
    state.write((tx) => setJobState(tx, running, "JOB_RUNNING"));
    succeed(ended);
    state.write((tx) => restartJobs(tx));
    expect([running, waiting, ended].map((job) => [now(job).state, now(job).restarts])).toEqual([
      ["JOB_CREATED", 1],
      ["JOB_CREATED", 0],
      ["JOB_SUCCESS", 0],
    ]);
  });

  test("comes after those of its pipeline that are older, and beside those of others", () => {
    const first = newPipeline("a");
    commitTo();
    const second = newestJob("a");
    const other = newPipeline("b");
    expect(nextJobs(state.db).map(({ id }) => id)).toEqual([first.id, other.id]);
    succeed(first);
    expect(nextJobs(state.db).map(({ id }) => id)).toEqual([second.id, other.id]);
  });

  test("is created at a time of its own, also with others at once", () => {
    for (const name of ["a", "b", "c"]) newPipeline(name);
    commitTo();
    commitTo();
    const times = state.db.all<{ created: number }>("SELECT created FROM jobs ORDER BY id").map(({ created }) => created);
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  });
});

describe("what is asked of jobs", () => {
  test("is answered when the job is deleted meanwhile", async () => {
    const job = newPipeline("p");
    const waiting = waitForJob(state, job, new AbortController().signal);
    state.write((tx) => deleteJob(tx, state.nodes, job));
    await expect(waiting).rejects.toThrow(`job ${job.set_id} was deleted`);
  });

  test.each([
    ["an input commit of a branch that is missing, of which pachd never answers", inputCommit("nope"), /branch "nope" not found/],
    ["a filter in jq", { jqFilter: "." }, /does not take a jq filter/],
  ])("is refused with %s", (_, request, text) => {
    expect(() => [...listJobInfos(state.db, request)]).toThrow(text);
  });

  test("cannot be less than no sets", () => {
    expect(() => [...listJobSets(state.db, { number: "-1" })]).toThrow("number must be non-negative");
  });
});

/** The request for the jobs that came from the head of a branch. */
function inputCommit(branch: string): ListJobRequest {
  const repo = { name: IN.name, type: IN.type, project: { name: IN.project } };
  return { input_commit: [{ repo, id: "", branch: { repo, name: branch } }] };
}

describe("a list of jobs", () => {
  test("is what a filter over all of them leaves, whatever is asked for", () => {
    for (const name of ["a", "b"]) newPipeline(name);
    state.db.run("INSERT INTO projects (name, description, created) VALUES ('q', '', 0)");
    state.db.run("UPDATE pipelines SET project = 'q' WHERE name = 'b'");
    state.db.run("UPDATE pipelines SET version = 3");
    state.write(({ db }) => {
      for (let index = 0; index < 1300; index += 1) {
        db.run(
          "INSERT INTO jobs (pipeline, version, set_id, branch, state, created, finished) VALUES (?, ?, ?, 'master', 'JOB_SUCCESS', ?, 0)",
          1 + (index % 2),
          1 + (index % 3),
          `set${index >> 1}`,
          1e13 + index,
        );
      }
    });
    const all = state.db.all<JobRow>("SELECT * FROM jobs ORDER BY id");
    const query = fc.record({
      pipeline: fc.constantFrom(undefined, 1, 2),
      projects: fc.constantFrom([], ["default"], ["q", "none"], ["none"]),
      history: fc.constantFrom(-1, 0, 1, 5),
      inputs: fc.constant([]),
      marker: fc.option(
        fc.integer({ min: -5, max: 1305 }).map((index) => 1e13 + index),
        { nil: undefined },
      ),
      reverse: fc.boolean(),
    });
    fc.assert(
      fc.property(query, (query) => {
        expect([...listJobs(state.db, query)].map(({ id }) => id)).toEqual(filtered(all, query));
      }),
      { numRuns: 50 },
    );
  });
});

function filtered(all: readonly JobRow[], query: JobQuery): number[] {
  const { pipeline, projects, history, marker, reverse } = query;
  const found = all.filter(
    (job) =>
      (pipeline === undefined || job.pipeline === pipeline) &&
      (projects.length === 0 || projects.includes(job.pipeline === 1 ? "default" : "q")) &&
      (history < 0 || job.version >= 3 - history) &&
      (marker === undefined || (reverse ? job.created > marker : job.created < marker)),
  );
  return (reverse ? found : found.toReversed()).map(({ id }) => id);
}
