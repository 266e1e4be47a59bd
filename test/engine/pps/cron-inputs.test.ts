import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { inspectBranch } from "../../../src/engine/pfs/branches.ts";
import { commitById } from "../../../src/engine/pfs/commits.ts";
import { createPipeline } from "../../../src/engine/pps/create-pipeline.ts";
import { cronAlarm } from "../../../src/engine/pps/cron-inputs.ts";
import { withDefaults } from "../../../src/engine/pps/pipeline-defaults.ts";
import { runCron, startPipeline, stopPipeline } from "../../../src/engine/pps/pipeline-life.ts";
import { startCommit } from "../../../src/engine/pfs/start-commit.ts";
import { EngineState } from "../../../src/engine/state.ts";

const MINUTE = 60_000;
const PIPELINE = { project: "default", name: "p" };
const TICKS = { project: "default", name: "p_tick", type: "user" };

let home: string;
let state: EngineState;
let log: string[];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "stemma-cron-"));
  state = await EngineState.open(home);
  log = [];
});
afterEach(async () => {
  state.close();
  await rm(home, { recursive: true, force: true });
});

function create(cron: object, update = false): void {
  const spec = { pipeline: { name: "p" }, transform: { cmd: ["true"] }, input: { cron: { name: "tick", ...cron } } };
  const userJson = JSON.stringify(spec);
  const { json: effectiveJson } = withDefaults(state.db, userJson);
  state.write((tx) => createPipeline(tx, state.nodes, { userJson, effectiveJson, update, reprocess: false }));
}

const alarm = () => cronAlarm(state, (line) => log.push(line));

/** Lets time come to when the next tick is due, or so much later, and answers that. */
function ring(laterMs = 0): number {
  const now = (alarm().due() ?? Number.NaN) + laterMs;
  alarm().ring(now);
  return now;
}

/** The files in the head of the repo of the ticks. */
function ticks(): string[] {
  const { head } = inspectBranch(state.db, { repo: TICKS, name: "master" });
  return [...state.files(commitById(state.db, head).root).files("/")].map(({ path }) => path);
}

const nameOf = (time: number): string => `/${new Date(time).toISOString().slice(0, 19)}Z`;

test("a tick is a file named by the time that it was due", () => {
  create({ spec: "* * * * *" });
  const due = ring();
  expect(due % MINUTE).toBe(0);
  expect(ticks()).toEqual([nameOf(due)]);
  expect(alarm().due()).toBe(due + MINUTE);
});

test("for all ticks that were missed there is one, of the newest, and then the schedule goes on", () => {
  create({ spec: "* * * * *" });
  const late = ring(100 * MINUTE + 7);
  expect(ticks()).toEqual([nameOf(late)]);
  expect(alarm().due()).toBe(late - 7 + MINUTE);
});

test("an interval does not drift, however late its ticks are made", () => {
  create({ spec: "@every 10s" });
  const first = ring(3000) - 3000;
  const second = ring(9999) - 9999;
  expect([second - first, ticks()]).toEqual([10_000, [first, second].map(nameOf)]);
});

test("a stopped pipeline does not tick, and makes up for one tick when it starts again", () => {
  create({ spec: "@every 1s", start: "2026-01-01T00:00:00Z" });
  state.write((tx) => stopPipeline(tx, state.nodes, PIPELINE));
  expect(alarm().due()).toBeUndefined();
  state.write((tx) => startPipeline(tx, PIPELINE));
  ring(Date.parse("2026-01-02T00:00:00Z") - (alarm().due() ?? 0));
  expect(ticks()).toEqual(["/2026-01-02T00:00:00Z"]);
});

test("no tick is due before the start that the spec says", () => {
  create({ spec: "@hourly", start: "2100-01-01T00:30:00Z" });
  expect(alarm().due()).toBe(Date.parse("2100-01-01T01:00:00Z"));
});

test("a schedule without ticks is never due", () => {
  create({ spec: "@never" });
  expect(alarm().due()).toBeUndefined();
});

test("a restart loses no schedule", async () => {
  create({ spec: "@every 1h" });
  const due = alarm().due();
  state.close();
  state = await EngineState.open(home);
  expect(alarm().due()).toBe(due);
});

test("an update goes on from the last tick, and an input that is gone ticks no more", () => {
  create({ spec: "* * * * *" });
  const due = ring(1000 * MINUTE);
  create({ spec: "0 * * * *", start: "2026-01-01T00:00:00Z" }, true);
  expect(alarm().due()).toBeGreaterThan(due);
  create({ name: "other", spec: "@never" }, true);
  expect(alarm().due()).toBeUndefined();
});

test("a tick by hand leaves the schedule as it is", () => {
  create({ spec: "@every 1h", overwrite: true });
  const due = alarm().due();
  runCron(state, PIPELINE);
  expect(ticks()).toHaveLength(1);
  expect(alarm().due()).toBe(due);
});

test("a tick for which there is no room, since somebody has a commit open, is left out, and says so", () => {
  create({ spec: "* * * * *" });
  state.write((tx) => startCommit(tx, TICKS, "master", ""));
  const due = ring();
  expect(log).toEqual([expect.stringContaining("cron tick of repo p_tick: ")]);
  expect([ticks(), alarm().due()]).toEqual([[], due + MINUTE]);
});

test("each tick gives the pipeline a job", () => {
  create({ spec: "* * * * *" });
  ring();
  expect(state.db.all("SELECT state FROM jobs")).toEqual([{ state: "JOB_CREATED" }, { state: "JOB_CREATED" }]);
});
