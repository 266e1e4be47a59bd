import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How many were tried, and how it went. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

/** Runs vitest on these files, or on all, with its usual report on the screen. What keeps a file from loading is a failure too. */
export async function runTests(files: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), "stemma-tests-"));
  const reportFile = join(folder, "report.json");
  try {
    const args = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`, ...files];
    const child = spawn("vitest", args, { stdio: "inherit", env: { ...process.env, ...env } });
    const [exitCode] = (await once(child, "close")) as [number | null];
    return tallyOf(JSON.parse(readFileSync(reportFile, "utf8")) as VitestReport, exitCode === 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The last line of `npm test`, which counts. */
export function formatTally({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}

function tallyOf(report: VitestReport, isFine: boolean): Tally {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = report;
  const failed = isFine ? numFailedTests : Math.max(1, numFailedTests);
  return { passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests };
}
