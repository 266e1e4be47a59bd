import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planJob } from "../../../src/engine/pps/datum-plan.ts";
import type { Datum } from "../../../src/engine/pps/datums.ts";
import { runs } from "../../helpers/scale.ts";

/** What is read, by the name of the file: a datum for each, whose hash is the content. */
type Contents = ReadonlyMap<string, string>;

const contents: fc.Arbitrary<Contents> = fc
  .uniqueArray(fc.tuple(fc.constantFrom("a", "b", "c", "d", "e"), fc.constantFrom("1", "2", "3")), { selector: ([name]) => name })
  .map((list) => new Map(list));

function datumsOf(read: Contents): Datum[] {
  return [...read].map(([id, hash]) => ({ id, hash, files: [] }));
}

function hashesOf(done: Contents): Map<string, { hash: string }> {
  return new Map([...done].map(([id, hash]) => [id, { hash }]));
}

/** The output of a job on top of another's, each datum writing its content. */
function run(
  read: Contents,
  output: Contents,
  everyJob: boolean,
): { readonly output: Contents; readonly ran: readonly string[] } {
  const { todo, gone } = planJob(datumsOf(read), hashesOf(output), everyJob);
  const next = new Map(output);
  for (const id of gone) next.delete(id);
  for (const { id, hash } of todo) {
    expect(next.has(id)).toBe(false);
    next.set(id, hash);
  }
  return { output: next, ran: todo.map(({ id }) => id) };
}

describe("what a job does", () => {
  test("its output is that of a job that does everything, whatever was done before", () => {
    fc.assert(
      fc.property(fc.array(contents), fc.boolean(), (jobs, everyJob) => {
        let output: Contents = new Map();
        for (const read of jobs) {
          ({ output } = run(read, output, everyJob));
          expect(output).toEqual(read);
        }
      }),
      runs(100),
    );
  });

  test("it works on what is new or changed, and on nothing else", () => {
    fc.assert(
      fc.property(contents, contents, (before, read) => {
        const { ran } = run(read, before, false);
        expect(ran).toEqual([...read.keys()].filter((name) => before.get(name) !== read.get(name)));
        expect(run(read, read, false).ran).toEqual([]);
      }),
      runs(100),
    );
  });

  test("with every_job it works on everything, and keeps nothing", () => {
    fc.assert(
      fc.property(contents, contents, (before, read) => {
        const { todo, gone } = planJob(datumsOf(read), hashesOf(before), true);
        expect(todo).toEqual(datumsOf(read));
        expect(gone).toEqual([...before.keys()].sort());
      }),
      runs(100),
    );
  });
});
