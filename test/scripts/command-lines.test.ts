import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { drawFigures, isMet, median } from "../../bench/figure.ts";
import { formatTally } from "../../scripts/run-tests.ts";

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, stdout, stderr };
}

describe("npm run test:long", () => {
  test("lists what there is", () => {
    const { status, stdout } = run("scripts/test-long.ts");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ {2}tree .*\n {2}operations /m);
  });

  test("takes no name that is not there, and no number that is none", () => {
    expect(run("scripts/test-long.ts", "trees")).toEqual({
      status: 2,
      stdout: "",
      stderr:
        'test:long: there is no "trees"; there are tree, operations, gc, kill, concurrency, proxy, oracle, reproduce, k8s, images, csv, standalone, stages, paysim.\n',
    });
    expect(run("scripts/test-long.ts", "tree", "--count", "many")).toMatchObject({
      status: 2,
      stderr: 'test:long: --count is "many", but must be a whole number.\n',
    });
    expect(run("scripts/test-long.ts", "tree", "--speed").status).toBe(2);
  });
});

test("the last line of npm test counts", () => {
  expect(formatTally({ passed: 12, failed: 0, skipped: 0 })).toBe("12 passed, 0 failed");
  expect(formatTally({ passed: 12, failed: 1, skipped: 2 })).toBe("12 passed, 1 failed, 2 skipped");
});

describe("npm run bench", () => {
  test("lists what there is where the name is not there", () => {
    const { status, stdout, stderr } = run("bench/main.ts", "speed");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^ {2}start .*\n {2}demo .*\n {2}engine /m);
  });

  test("holds a figure against its peer", () => {
    const figure = { work: "start", ours: 100, peer: 50, peerName: "node", unit: "ms", limit: 2.5 };
    expect(isMet(figure)).toBe(true);
    expect(isMet({ ...figure, peer: 30 })).toBe(false);
    expect(isMet({ ...figure, ours: Number.NaN })).toBe(false);
    expect(drawFigures([figure])).toMatchInlineSnapshot(`
      "work   ours    beside          ratio  limit  verdict
      start  100 ms  50.0 ms (node)  2.000  2.5    ok
      "
    `);
  });

  test("takes the middle of its measurements", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 6])).toBe(5.5);
    expect(median([])).toBeNaN();
  });
});
