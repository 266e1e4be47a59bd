import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Database } from "../../../src/engine/store/database.ts";
import { planJob } from "../../../src/engine/pps/datum-plan.ts";
import {
  type DatumState,
  type DoneDatum,
  NO_STATS,
  doneBy,
  findFailed,
  findRun,
  idsDealtWith,
  outputsOf,
  recordRun,
  recordSkipped,
  runsOfJob,
} from "../../../src/engine/pps/datum-runs.ts";
import type { Datum } from "../../../src/engine/pps/datums.ts";
import { Holds } from "../../../src/engine/store/hold.ts";
import { type JobRow, jobById } from "../../../src/engine/pps/jobs.ts";
import { SqliteNodeStore } from "../../../src/engine/store/node-store.ts";
import { newTransaction } from "../../../src/engine/transaction.ts";
import { runs } from "../../helpers/scale.ts";

/** What a job finds and what comes of it: by datum, its content and how it ends if it runs. */
type Work = ReadonlyMap<string, { readonly content: string; readonly end: DatumState }>;

const work: fc.Arbitrary<Work> = fc
  .uniqueArray(
    fc.record({
      id: fc.constantFrom("0a", "1b", "2c", "3d", "4e", "5f"),
      content: fc.constantFrom("x", "y"),
      end: fc.constantFrom<DatumState>("SUCCESS", "SUCCESS", "SUCCESS", "FAILED", "RECOVERED"),
    }),
    { selector: ({ id }) => id },
  )
  .map((list) => new Map(list.map(({ id, content, end }) => [id, { content, end }])));

/** The jobs of one pipeline, each upon the last one that had no failed datum. */
class Pipeline implements Disposable {
  readonly db = new Database(":memory:");
  readonly nodes = new SqliteNodeStore(this.db, new Holds());
  #base: number | undefined;

  constructor() {
    this.db.run("INSERT INTO projects (name, description, created) VALUES ('p', '', 0)");
    this.db.run(
      "INSERT INTO pipelines (id, project, name, version, output_branch, created) VALUES (1, 'p', 'x', 1, 'master', 0)",
    );
  }

  run(setId: string, found: Work): JobRow {
    const tx = newTransaction(this.db);
    const sql =
      "INSERT INTO jobs (pipeline, version, set_id, branch, state, created) VALUES (1, 1, ?, 'master', 'JOB_RUNNING', 0)";
    const job = jobById(this.db, this.db.run(sql, setId));
    const base = this.#base === undefined ? undefined : jobById(this.db, this.#base);
    const done = base === undefined ? new Map<string, DoneDatum>() : doneBy(this.db, this.nodes, base);
    const datums: Datum[] = [...found].map(([id, { content }]) => ({ id, hash: content, files: [] }));
    const { todo, gone } = planJob(datums, done);
    recordSkipped(tx, this.nodes, job, { job: base, done, gone });
    for (const datum of todo) {
      const state = found.get(datum.id)?.end ?? "SUCCESS";
      recordRun(tx, job, datum, { state, outputs: [`/${setId}-${datum.id}`], stats: { ...NO_STATS, uploadBytes: 2 } });
    }
    if (findFailed(this.db, job) === undefined) this.#base = job.id;
    return jobById(this.db, job.id);
  }

  /** The datums of a job, with the set that worked on each and what came of it. */
  list(job: JobRow, options: { after?: string; reverse?: boolean } = {}): [id: string, setId: string, state: DatumState][] {
    return [...runsOfJob(this.db, this.nodes, job, options)].map(({ datum, setId, state }) => [datum, setId, state]);
  }

  [Symbol.dispose](): void {
    this.db.close();
  }
}

describe("the datums of a job", () => {
  test("are those that it found, in order, each with the job that worked on it last", () => {
    fc.assert(
      fc.property(fc.array(work, { maxLength: 5 }), (jobs) => {
        using pipeline = new Pipeline();
        let done: ReadonlyMap<string, { content: string; setId: string }> = new Map();
        for (const [index, found] of jobs.entries()) {
          const setId = `set${index}`;
          const job = pipeline.run(setId, found);
          const isSkipped = (id: string): boolean => done.get(id)?.content === found.get(id)?.content;
          const expected = [...found]
            .sort(([one], [other]) => (one < other ? -1 : 1))
            .map(([id, { end }]) => (isSkipped(id) ? [id, done.get(id)?.setId, "SUCCESS"] : [id, setId, end]));
          expect(pipeline.list(job)).toEqual(expected);
          expect(pipeline.list(job, { reverse: true })).toEqual(expected.toReversed());
          expect([...idsDealtWith(pipeline.db, pipeline.nodes, job)].sort()).toEqual([...found.keys()].sort());
          if (expected.some(([, , state]) => state === "FAILED")) continue;
          done = new Map(
            expected.flatMap(([id = "", by = "", state]) =>
              state === "SUCCESS" ? [[id, { content: found.get(id)?.content ?? "", setId: by }]] : [],
            ),
          );
        }
      }),
      runs(50),
    );
  });

  test("are counted, and their outputs are kept, also of those that are skipped", () => {
    using pipeline = new Pipeline();
    const all: Work = new Map(["0a", "1b", "2c"].map((id) => [id, { content: "x", end: "SUCCESS" }]));
    pipeline.run("s1", all);
    const job = pipeline.run(
      "s2",
      new Map([...all, ["1b", { content: "y", end: "RECOVERED" }], ["3d", { content: "x", end: "SUCCESS" }]]),
    );
    expect(job).toMatchObject({ data_processed: 1, data_skipped: 2, data_failed: 0, data_recovered: 1, upload_bytes: 4 });
    const done = doneBy(pipeline.db, pipeline.nodes, job);
    expect([...done.keys()].sort()).toEqual(["0a", "2c", "3d"]);
    expect(outputsOf(pipeline.db, done.get("0a")?.run ?? 0)).toEqual(["/s1-0a"]);
    expect(findRun(pipeline.db, pipeline.nodes, job, "2c")).toMatchObject({ setId: "s1", state: "SUCCESS" });
    expect(findRun(pipeline.db, pipeline.nodes, job, "1b")).toMatchObject({ setId: "s2", state: "RECOVERED" });
    expect(findRun(pipeline.db, pipeline.nodes, job, "9f")).toBeUndefined();
  });

  test("can be listed from any of them on, forwards and backwards, also where there are many", () => {
    using pipeline = new Pipeline();
    const ids = Array.from({ length: 1300 }, (_, index) => index.toString(16).padStart(4, "0"));
    pipeline.run("s1", new Map(ids.filter((_, index) => index % 3 === 0).map((id) => [id, { content: "x", end: "SUCCESS" }])));
    const job = pipeline.run("s2", new Map(ids.map((id) => [id, { content: "x", end: "SUCCESS" }])));
    const listed = (options: { after?: string; reverse?: boolean }): string[] => pipeline.list(job, options).map(([id]) => id);
    for (const index of [0, 299, 600, 601, 1299]) {
      const after = ids[index] ?? "";
      expect(listed({ after })).toEqual(ids.slice(index + 1));
      expect(listed({ after, reverse: true })).toEqual(ids.slice(0, index).toReversed());
    }
  });

  test("stay known to later jobs when the job that worked on them is deleted", () => {
    using pipeline = new Pipeline();
    const found: Work = new Map([["0a", { content: "x", end: "SUCCESS" }]]);
    const first = pipeline.run("s1", found);
    const job = pipeline.run("s2", found);
    pipeline.db.run("DELETE FROM jobs WHERE id = ?", first.id);
    expect(pipeline.list(job)).toEqual([["0a", "s1", "SUCCESS"]]);
  });
});
