import { describe, expect, test } from "vitest";
import { drawReport } from "../../../src/cli/demo/report.ts";

const MIB = 1024 ** 2;

describe("the demo's report", () => {
  const stages = [
    { stage: "put", ms: 14_400, datums: undefined, rows: 600_000, bytesRead: undefined, bytesWritten: 44.3 * MIB },
    { stage: "split", ms: 5300, datums: 1, rows: 600_000, bytesRead: 44.3 * MIB, bytesWritten: 20 * MIB },
  ];

  test("has a line for each stage, one for all, and the most memory held", () => {
    expect(drawReport({ stages, ms: 168_040, peakBytes: 1.6 * 1024 * MIB })).toMatchInlineSnapshot(`
      "stage  time     datums  rows     read      written
      put    14.4 s   -       600,000  -         44.3 MiB
      split  5.3 s    1       600,000  44.3 MiB  20.0 MiB
      all    168.0 s
      peak memory  1.6 GiB resident, all processes together
      "
    `);
  });

  test("says nothing of memory that it doesn't know", () => {
    expect(drawReport({ stages, ms: 1, peakBytes: undefined })).not.toContain("memory");
  });
});
