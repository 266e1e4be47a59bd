// `npm test`: the house checks, then all tests; ends with one line that counts both.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { formatTally, runTests } from "./run-tests.ts";

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { scripts: { check: string } };

/** The parts of `npm run check`, each counted by itself. */
function runChecks(): { passed: number; failed: number } {
  const commands = manifest.scripts.check.split("&&").map((command) => command.trim());
  const failed = commands.filter((command) => !runCheck(command)).length;
  return { passed: commands.length - failed, failed };
}

function runCheck(command: string): boolean {
  const startedAt = Date.now();
  const { status, stdout, stderr } = spawnSync(command, { shell: true, encoding: "utf8" });
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${status === 0 ? "ok    " : "FAILED"} ${command} (${seconds} s)\n`);
  if (status !== 0) process.stdout.write(`${stdout}${stderr}\n`);
  return status === 0;
}

const checks = runChecks();
const tests = await runTests([], {});
const total = { passed: checks.passed + tests.passed, failed: checks.failed + tests.failed, skipped: tests.skipped };
process.stdout.write(`${formatTally(total)}\n`);
process.exitCode = total.failed === 0 ? 0 : 1;
