import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Attempt,
  closeOpenAttempts,
  endedAttempts,
  formatAttempts,
  parseAttempts,
} from "../../../src/tracker/delivery/attempts.ts";
import { runs } from "../../helpers/scale.ts";

const started = "2026-01-02T03:04:05.000Z";
const later = new Date("2026-01-02T04:00:00Z");

function attempt(number: number, more: Partial<Attempt> = {}): Attempt {
  return { attempt: number, started, host: "node-1", pid: 7, ...more };
}

const anyAttempt: fc.Arbitrary<Attempt> = fc.record(
  {
    attempt: fc.nat(),
    started: fc.constant(started),
    host: fc.string(),
    pid: fc.nat(),
    ended: fc.constant(later.toISOString()),
    status: fc.constantFrom("FINISHED", "FAILED", "KILLED"),
    exitCode: fc.nat(255),
    reason: fc.string(),
  },
  { requiredKeys: ["attempt", "started", "host", "pid"], noNullPrototype: true },
);

describe("attempts", () => {
  test("are read as they were written", () => {
    fc.assert(
      fc.property(fc.array(anyAttempt, { maxLength: 10 }), (attempts) => {
        expect(parseAttempts(formatAttempts(attempts))).toEqual(attempts);
      }),
      runs(100),
    );
  });

  test("are the latest ones when MLflow cannot keep them all", () => {
    const attempts = Array.from({ length: 1000 }, (_, index) => attempt(index + 1, { reason: "its tracker ended" }));
    const text = formatAttempts(attempts);
    expect(text.length).toBeLessThanOrEqual(8000);
    const kept = parseAttempts(text);
    expect(kept.length).toBeGreaterThan(30);
    expect(kept).toEqual(attempts.slice(-kept.length));
  });

  test.each([[undefined], [""], ["done"], ["{}"], ["null"], ['[1,null,"x",{"attempt":"1"}]']])(
    "a tag that somebody wrote over, %j, tells of none",
    (text) => {
      expect(parseAttempts(text)).toEqual([]);
    },
  );

  test("of which nobody told the end were killed, the others stay as they were", () => {
    const done = attempt(1, { ended: started, status: "FAILED", exitCode: 3 });
    expect(closeOpenAttempts([done, attempt(2)], later, "gone")).toEqual([
      done,
      attempt(2, { ended: later.toISOString(), status: "KILLED", reason: "gone" }),
    ]);
  });

  test("the latest gets its end", () => {
    const end = { ended: later, status: "FAILED", exitCode: 3, how: "exit code 3" } as const;
    expect(endedAttempts([attempt(1), attempt(2)], end)).toEqual([
      attempt(1),
      attempt(2, { ended: later.toISOString(), status: "FAILED", exitCode: 3, reason: "exit code 3" }),
    ]);
    expect(endedAttempts([attempt(1)], { ...end, status: "FINISHED", exitCode: 0, how: "" })[0]).not.toHaveProperty("reason");
  });
});
