import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inspectBranch, upstreamBranches } from "../../../src/engine/pfs/branches.ts";
import { createPipeline } from "../../../src/engine/pps/create-pipeline.ts";
import { lastJob, setJobState } from "../../../src/engine/pps/jobs.ts";
import { withDefaults } from "../../../src/engine/pps/pipeline-defaults.ts";
import { deletePipelines, rerunPipeline, startPipeline, stopPipeline } from "../../../src/engine/pps/pipeline-life.ts";
import { type PipelineRow, currentVersion, inspectPipeline, pipelineState, specOf } from "../../../src/engine/pps/pipelines.ts";
import { createRepo, findRepo } from "../../../src/engine/pfs/repos.ts";
import { EngineState } from "../../../src/engine/state.ts";

const KEY = { project: "default", name: "p" };

let home: string;
let state: EngineState;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "stemma-life-"));
  state = await EngineState.open(home);
  state.write((tx) => createRepo(tx, { ...KEY, name: "in", type: "user" }, ""));
});
afterEach(async () => {
  state.close();
  await rm(home, { recursive: true, force: true });
});

function create(more: object = {}, update = false): PipelineRow {
  const spec = {
    pipeline: { name: "p" },
    transform: { cmd: ["true"] },
    input: { pfs: { repo: "in", glob: "/*" } },
    ...more,
  };
  const userJson = JSON.stringify(spec);
  const { json: effectiveJson } = withDefaults(state.db, userJson);
  state.write((tx) => createPipeline(tx, state.nodes, { userJson, effectiveJson, update, reprocess: false }));
  return inspectPipeline(state.db, { ...KEY, name: spec.pipeline.name });
}

const now = (): PipelineRow => inspectPipeline(state.db, KEY);
const stateNow = () => pipelineState(state.db, now(), currentVersion(state.db, now()));

/** How many branches the output branch, or another one, directly comes from. */
function comesFrom(name = "master"): number {
  const branch = inspectBranch(state.db, { repo: { ...KEY, type: "user" }, name });
  return upstreamBranches(state.db, branch.id).length;
}

describe("an update", () => {
  test("of a stopped pipeline leaves it stopped; when it is started, the new version runs", () => {
    create();
    state.write((tx) => stopPipeline(tx, state.nodes, KEY));
    create({ datum_tries: 7 }, true);
    expect([stateNow(), comesFrom()]).toEqual(["PIPELINE_PAUSED", 0]);
    state.write((tx) => startPipeline(tx, KEY));
    expect([stateNow(), comesFrom()]).toEqual(["PIPELINE_RUNNING", 2]);
    expect(lastJob(state.db, now().id)).toMatchObject({ version: 2 });
    expect(specOf(currentVersion(state.db, now())).datumTries).toBe(7);
  });

  test("that moves the output to another branch leaves the old branch where it is", () => {
    create();
    create({ output_branch: "other" }, true);
    expect([comesFrom("master"), comesFrom("other")]).toEqual([0, 2]);
    expect(lastJob(state.db, now().id)).toMatchObject({ version: 2, branch: "other" });
  });

  test("of a pipeline that is not there creates it", () => {
    expect(create({}, true).version).toBe(1);
  });

  test("that is refused changes nothing", () => {
    create();
    const before = now();
    expect(() => create({ input: { pfs: { repo: "missing", glob: "/*" } } }, true)).toThrow("repo default/missing not found");
    expect(() => create({ input: { pfs: { repo: "p", glob: "/*" } } }, true)).toThrow(
      "repo default/p cannot be in the provenance of its own branch",
    );
    expect(now()).toEqual(before);
    expect(lastJob(state.db, before.id)).toMatchObject({ version: 1, state: "JOB_CREATED" });
  });

  test("with another command saves a pipeline that had nothing to run", () => {
    create({ transform: {} });
    expect(stateNow()).toBe("PIPELINE_FAILURE");
    create({}, true);
    expect(stateNow()).toBe("PIPELINE_RUNNING");
    expect(lastJob(state.db, now().id)).toMatchObject({ version: 2, state: "JOB_CREATED" });
  });

  test("by a rerun keeps the salt, unless it reprocesses", () => {
    create({ salt: "mine" });
    const salts = [false, true].map((reprocess) => {
      state.write((tx) => rerunPipeline(tx, state.nodes, KEY, reprocess));
      return currentVersion(state.db, now()).salt;
    });
    expect(salts).toEqual(["mine", expect.stringMatching(/^[0-9a-f]{32}$/)]);
  });
});

describe("a deletion", () => {
  test("that is refused leaves the pipeline running, which pachd stops", () => {
    create();
    create({ pipeline: { name: "next" }, input: { pfs: { repo: "p", glob: "/*" } } });
    const remove = (): void => state.write((tx) => deletePipelines(tx, state.nodes, [now()], { force: false, keepRepo: false }));
    expect(remove).toThrow(
      "cannot be deleted because it's in the direct provenance of [default/next@master default/next.meta@master]",
    );
    expect([stateNow(), comesFrom()]).toEqual(["PIPELINE_RUNNING", 2]);
    expect(lastJob(state.db, now().id)).toMatchObject({ state: "JOB_CREATED" });
  });

  test("takes the cron repos of the newest version, and the jobs, also one under way", () => {
    const row = create({ input: { cron: { name: "tick", spec: "@never" } } });
    const job = lastJob(state.db, row.id);
    state.write((tx) => job && setJobState(tx, job, "JOB_RUNNING"));
    state.write((tx) => deletePipelines(tx, state.nodes, [row], { force: false, keepRepo: true }));
    expect(findRepo(state.db, { ...KEY, name: "p_tick", type: "user" })).toBeUndefined();
    expect(state.db.all("SELECT id FROM jobs")).toEqual([]);
    const open = state.db.all("SELECT c.id FROM commits c JOIN repos r ON r.id = c.repo WHERE c.finished IS NULL");
    expect(open).toEqual([]);
  });
});

test("a pipeline that scales by itself stands by while no job is under way", () => {
  const row = create({ autoscaling: true });
  expect(stateNow()).toBe("PIPELINE_STANDBY");
  const job = lastJob(state.db, row.id);
  state.write((tx) => job && setJobState(tx, job, "JOB_RUNNING"));
  expect(stateNow()).toBe("PIPELINE_RUNNING");
});

test("a project that is missing makes the request a bad one", () => {
  expect(() => create({ pipeline: { name: "p", project: { name: "nowhere" } } })).toThrow(
    /^could not make effective spec: .*project "nowhere" not found$/,
  );
});
