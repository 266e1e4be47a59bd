import { hash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commitById, sealCommit } from "../../../src/engine/pfs/commits.ts";
import { createPipeline } from "../../../src/engine/pps/create-pipeline.ts";
import { NO_STATS, findFailed, recordRun, runsOfJob } from "../../../src/engine/pps/datum-runs.ts";
import { type Datum, planDatums } from "../../../src/engine/pps/datums.ts";
import { USER_TAG, fileEntry, fileKey } from "../../../src/engine/files/file-entry.ts";
import { checkStore } from "../../../src/engine/upkeep/fsck.ts";
import { collectGarbage } from "../../../src/engine/upkeep/gc.ts";
import { finishWhenParentHas } from "../../../src/engine/pfs/finish.ts";
import { type JobRow, deleteJob, endJob, jobById, lastJob, outputCommit, setJobState } from "../../../src/engine/pps/jobs.ts";
import type { RepoKey } from "../../../src/engine/pfs/names.ts";
import { withDefaults } from "../../../src/engine/pps/pipeline-defaults.ts";
import type { PipelineSpec } from "../../../src/engine/pps/pipeline-spec.ts";
import { inspectPipeline, pipelineVersion, specOf } from "../../../src/engine/pps/pipelines.ts";
import { prepareJob } from "../../../src/engine/work/prepare-job.ts";
import { forgetCommit, removeCommitSet } from "../../../src/engine/pfs/remove-commits.ts";
import { createRepo } from "../../../src/engine/pfs/repos.ts";
import { listDatums } from "../../../src/engine/services/datum-queries.ts";
import { startCommit } from "../../../src/engine/pfs/start-commit.ts";
import { EngineState } from "../../../src/engine/state.ts";
import { EMPTY_ROOT, type Edit, applyEdits } from "../../../src/engine/tree/tree.ts";
import { runs } from "../../helpers/scale.ts";

type Texts = Readonly<Record<string, string>>;

const FAIL = "fail";

let home: string;
let state: EngineState;
let stories = 0;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "stemma-datums-"));
  state = await EngineState.open(home);
  state.db.sqlite.exec("PRAGMA synchronous = OFF"); // it need not outlive the test
});
afterAll(() => {
  state.close();
  rmSync(home, { recursive: true, force: true });
});

function byKey(one: { readonly key: string }, other: { readonly key: string }): number {
  return one.key < other.key ? -1 : 1;
}

/** A file whose content is nowhere but in its hash. */
function entryOf(text: string): NonNullable<Edit["entry"]> {
  return fileEntry({ chunks: [], bytes: text.length, hash: hash("sha256", text) });
}

function hashed(files: Texts): Texts {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [path, hash("sha256", text)]));
}

function pathsOf(datums: readonly Datum[]): string[] {
  return datums.map(({ files }) => files.map(({ path }) => path).join(" "));
}

/**
 * A pipeline p that reads the repos in and side, in a project of its own. There is no runner: its part is done here. A datum
 * writes the files that it reads, and fails where one says so.
 */
class Story {
  readonly project: string;

  constructor() {
    stories += 1;
    this.project = `story${stories}`;
    state.write((tx) => {
      tx.db.run("INSERT INTO projects (name, description, created) VALUES (?, '', 0)", this.project);
      for (const name of ["in", "side"]) createRepo(tx, this.#repo(name), "");
    });
  }

  /** Makes the files of a branch these, and no others. */
  put(files: Texts, name = "in", branch = "master"): void {
    const edits = Object.entries(files).map(([path, text]) => ({ key: fileKey(path, USER_TAG), entry: entryOf(text) }));
    state.write((tx) => {
      const commit = startCommit(tx, this.#repo(name), branch, "");
      const root = applyEdits(state.nodes, EMPTY_ROOT, edits.sort(byKey));
      tx.db.run("UPDATE commits SET root = ? WHERE id = ?", root, commit.id);
      sealCommit(tx, commit);
      finishWhenParentHas(tx, state.nodes, commitById(tx.db, commit.id));
    });
  }

  create(input: object = pfs("in"), more: object = {}, update = false): void {
    const pipeline = { name: "p", project: { name: this.project } };
    const userJson = JSON.stringify({ pipeline, transform: { cmd: ["true"] }, input, ...more });
    const { json: effectiveJson } = withDefaults(state.db, userJson);
    state.write((tx) => createPipeline(tx, state.nodes, { userJson, effectiveJson, update, reprocess: false }));
  }

  get job(): JobRow {
    return this.lastJob() ?? expect.fail("there is no job");
  }

  lastJob(): JobRow | undefined {
    const { id } = inspectPipeline(state.db, { project: this.project, name: "p" });
    return lastJob(state.db, id);
  }

  plan(): Datum[] {
    const { spec, salt } = this.#version();
    return planDatums(state, spec.input, outputCommit(state.db, this.job), salt);
  }

  /** Begins the newest job, or takes it up again, and answers what is left to do. */
  begin(): readonly Datum[] {
    const datums = this.plan();
    return state.write((tx) => {
      setJobState(tx, this.job, "JOB_RUNNING");
      return prepareJob(tx, state.nodes, this.job, datums, this.#version().spec.everyJob);
    });
  }

  work(datum: Datum): void {
    const isBad = datum.files.some((file) => file.hash === hash("sha256", FAIL));
    const written = isBad ? [] : datum.files;
    const edits = written.map(({ path, hash, bytes }) => ({
      key: fileKey(path, datum.id),
      entry: fileEntry({ chunks: [], bytes, hash }),
    }));
    state.write((tx) => {
      const { root, id } = outputCommit(tx.db, this.job);
      tx.db.run("UPDATE commits SET root = ? WHERE id = ?", applyEdits(state.nodes, root, edits.sort(byKey)), id);
      const outputs = written.map(({ path }) => path);
      recordRun(tx, this.job, datum, { state: isBad ? "FAILED" : "SUCCESS", outputs, stats: NO_STATS });
    });
  }

  end(): JobRow {
    const { job } = this;
    const failed = findFailed(state.db, job);
    const how = failed === undefined ? "JOB_SUCCESS" : "JOB_FAILURE";
    state.write((tx) => endJob(tx, state.nodes, job, { state: how, reason: failed ?? "" }));
    return jobById(state.db, job.id);
  }

  /** Does all that the newest job has to do, and answers what it worked on. */
  run(): string[] {
    const todo = this.begin();
    for (const datum of todo) this.work(datum);
    this.end();
    return pathsOf(todo);
  }

  /** The output of the newest job, as hashes by path. */
  output(): Texts {
    const files = state.files(outputCommit(state.db, this.job).root).files();
    return Object.fromEntries(Array.from(files, ({ path, hash }) => [path, hash]));
  }

  #repo(name: string): RepoKey {
    return { project: this.project, name, type: "user" };
  }

  #version(): { readonly spec: PipelineSpec; readonly salt: string } {
    const version = pipelineVersion(state.db, this.job.pipeline, this.job.version);
    return { spec: specOf(version), salt: version.salt };
  }
}

const pfs = (name: string, more: object = {}) => ({ pfs: { repo: name, name, glob: "/*", ...more } });

describe("the output of a job that succeeds", () => {
  const files = fc.dictionary(fc.constantFrom("/a", "/b", "/c", "/d"), fc.constantFrom("x", "y", "z", FAIL), { maxKeys: 4 });
  const event = fc.oneof(
    { weight: 6, arbitrary: files },
    { weight: 1, arbitrary: fc.constantFrom("delete the last job" as const, "update" as const) },
  );

  test("is that of a pipeline that begins anew, and what it works on is what is not done yet", () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 10 }), fc.boolean(), (events, everyJob) => {
        const story = new Story();
        const more = { reprocess_spec: everyJob ? "every_job" : "until_success" };
        story.create(pfs("in"), more);
        let now: Texts = {};
        /** What the jobs that succeeded and are still there have left, oldest first. */
        const good: Texts[] = [{}];
        story.run();
        for (const step of events) {
          if (step === "delete the last job") {
            const last = story.lastJob();
            if (last === undefined) continue;
            state.write((tx) => deleteJob(tx, state.nodes, last));
            if (last.state === "JOB_SUCCESS") good.pop();
            continue;
          }
          if (step === "update") story.create(pfs("in"), more, true);
          else story.put((now = step));
          const done = everyJob ? {} : (good.at(-1) ?? {});
          const changed = Object.keys(now).filter((path) => done[path] !== now[path]);
          expect(story.run()).toEqual(changed.sort());
          if (Object.values(now).includes(FAIL)) continue;
          good.push(now);
          expect(story.job.state).toBe("JOB_SUCCESS");
          expect(story.output()).toEqual(hashed(now));
        }
      }),
      runs(40),
    );
  });
});

describe("a job", () => {
  test("that is taken up again does what it has not done yet, and tries nothing again that failed", () => {
    const story = new Story();
    story.put({ "/a": "a", "/b": FAIL, "/c": "c" });
    story.create();
    for (const datum of story.begin().slice(0, 2)) story.work(datum);
    expect(pathsOf(story.begin())).toEqual(["/c"]);
    for (const datum of story.begin()) story.work(datum);
    expect(story.end()).toMatchObject({ state: "JOB_FAILURE", data_processed: 2, data_failed: 1, data_total: 3 });
  });

  test("shows, while it is under way, what is done and what it skips", () => {
    const story = new Story();
    story.put({ "/a": "a" });
    story.create();
    story.run();
    const first = story.job.set_id;
    story.put({ "/a": "a", "/b": "b", "/c": "c" });
    const [datum] = story.begin();
    if (datum !== undefined) story.work(datum);
    const shown = Array.from(runsOfJob(state.db, state.nodes, story.job), (run) => [run.files[0]?.path, run.setId]);
    expect(new Map(shown as [string, string][])).toEqual(
      new Map([
        ["/a", first],
        ["/b", story.job.set_id],
      ]),
    );
  });

  test("begins with nothing where the job before was deleted, and so has no output twice", () => {
    const story = new Story();
    story.put({ "/a": "a", "/b": "b" });
    story.create();
    story.run();
    state.write((tx) => deleteJob(tx, state.nodes, story.job));
    story.put({ "/a": "a" });
    expect(story.run()).toEqual(["/a"]);
    expect(story.output()).toEqual(hashed({ "/a": "a" }));
  });

  test("does not build on a job whose output was discarded", () => {
    const story = new Story();
    story.put({ "/a": "a" });
    story.create();
    story.run();
    const { id } = outputCommit(state.db, story.job);
    story.put({ "/a": FAIL });
    story.run();
    state.write((tx) => forgetCommit(tx, commitById(tx.db, id)));
    story.put({ "/a": "a" });
    expect(story.run()).toEqual(["/a"]);
    expect(story.output()).toEqual(hashed({ "/a": "a" }));
  });

  test("builds on the one before where the last one's commits were dropped, and the last one is still known", () => {
    const story = new Story();
    story.put({ "/a": "a" });
    story.create();
    story.run();
    story.put({ "/a": "a", "/b": "b" });
    story.run();
    const dropped = story.job;
    state.write((tx) => removeCommitSet(tx, "drop", dropped.set_id));
    const known = runsOfJob(state.db, state.nodes, jobById(state.db, dropped.id));
    expect(new Set(Array.from(known, ({ files }) => files[0]?.path))).toEqual(new Set(["/a", "/b"]));
    story.put({ "/a": "a", "/b": "b" });
    expect(story.run()).toEqual(["/b"]);
    expect(story.output()).toEqual(hashed({ "/a": "a", "/b": "b" }));
  });

  test("builds on the last one also where the commits between were squashed", () => {
    const story = new Story();
    story.put({ "/a": "a" });
    story.create();
    story.run();
    story.put({ "/a": "a", "/b": "b" });
    story.run();
    const squashed = story.job.set_id;
    story.put({ "/a": "A", "/b": "b" });
    expect(story.run()).toEqual(["/a"]);
    state.write((tx) => removeCommitSet(tx, "squash", squashed));
    story.put({ "/a": "A", "/b": "b", "/c": "c" });
    expect(story.run()).toEqual(["/c"]);
    expect(story.output()).toEqual(hashed({ "/a": "A", "/b": "b", "/c": "c" }));
  });
});

test("what a job skips outlives a clean-up, also while it is listed", async () => {
  const story = new Story();
  const many: Texts = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`/${index}`, String(index)]));
  story.put(many);
  story.create();
  story.run();
  story.put({ ...many, "/new": "new" });
  story.run();
  const listing = listDatums(state, { job: { pipeline: { name: "p", project: { name: story.project } }, id: story.job.set_id } });
  expect(listing.next().value?.state).toBeTruthy();
  const found = await Array.fromAsync(collectGarbage(state, { dryRun: false }));
  expect(found.at(-1)?.nodes).toBeGreaterThan(0);
  expect([...listing]).toHaveLength(100);
  expect(await Array.fromAsync(checkStore(state, { fix: false }))).toEqual([]);
  story.put({ ...many, "/new": "newer" });
  expect(story.run()).toEqual(["/new"]);
});

describe("the datums of a job", () => {
  test("are of the commits that its output commit comes from, not of newer ones", () => {
    const story = new Story();
    story.put({ "/a": "a" });
    story.put({ "/s": "s" }, "side");
    story.create({ cross: [pfs("in"), pfs("side")] });
    const job = story.job;
    const commits = (): string[] => story.plan().flatMap(({ files }) => files.map(({ commit }) => commit));
    const before = commits();
    story.put({ "/a": "a" });
    expect(commits()).toEqual([story.job.set_id, before[1]]);
    expect(jobById(state.db, job.id).set_id).not.toBe(story.job.set_id);
  });

  test("have the same ids where contents change, and other hashes", () => {
    const story = new Story();
    story.put({ "/a": "a" });
    story.create();
    const [before] = story.plan();
    story.put({ "/a": "A" });
    const [after] = story.plan();
    expect(after?.id).toBe(before?.id);
    expect(after?.hash).not.toBe(before?.hash);
  });

  test("do not change with what they only refer to", () => {
    const story = new Story();
    story.put({ "/a": "a" });
    story.put({ "/s": "s" }, "side");
    story.create({ cross: [pfs("in"), pfs("side", { reference: true })] });
    const before = story.plan().map(({ id, hash }) => [id, hash]);
    story.put({ "/s": "S" }, "side");
    expect(story.plan().map(({ id, hash }) => [id, hash])).toEqual(before);
    story.put({ "/a": "A" });
    expect(story.plan().map(({ hash }) => [hash])).not.toEqual(before.map(([, hash]) => [hash]));
  });

  test("tell what a join or group went by, of directories as well, and how files are shown", () => {
    const story = new Story();
    story.put({ "/x-1/f": "1", "/y-2/f": "2" });
    story.create(pfs("in", { glob: "/(*)-(*)", join_on: "$1", group_by: "${2}$1", lazy: true, empty_files: true }));
    expect(story.plan().flatMap(({ files }) => files)).toMatchObject([
      { path: "/x-1/", type: "DIR", joinOn: "x", groupBy: "1x", lazy: true, emptyFiles: true },
      { path: "/y-2/", type: "DIR", joinOn: "y", groupBy: "2y", lazy: true, emptyFiles: true },
    ]);
  });

  test("of two branches of one repo are refused when the pipeline is made", () => {
    const story = new Story();
    story.put({ "/a": "a" });
    story.put({ "/a": "a" }, "in", "other");
    const input = { cross: [pfs("in"), pfs("in", { name: "x", branch: "other" })] };
    expect(() => story.create(input)).toThrow(`multiple branches from the same repo, "${story.project}/in"`);
  });

  test("are refused where there would be more than any job can do", () => {
    const story = new Story();
    story.put(Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`/${index}`, ""])));
    story.create({ cross: ["x", "y", "z"].map((name) => pfs("in", { name })) });
    expect(() => story.plan()).toThrow("the input makes more than 1000000 datums");
  });

  test("of no input are none", () => {
    const story = new Story();
    story.create(undefined, { input: undefined });
    expect(story.plan()).toEqual([]);
  });
});
