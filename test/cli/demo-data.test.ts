import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PAYSIM_COLUMNS, paysimText } from "../../src/stages/paysim.ts";
import { type CommandResult, stemma } from "./terminal.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "stemma-demo-data-"));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

function run(...argv: string[]): Promise<CommandResult> {
  return stemma(["demo-data", ...argv], { cwd, env: {} });
}

describe("stemma demo-data", () => {
  test("prints as many rows as asked for, the same for the same seed", async () => {
    const { code, out, err } = await run("--rows", "3", "--seed", "5");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(new RegExp(`^${PAYSIM_COLUMNS.join(",")}\\n(.+\\n){3}$`));
    expect((await run("--rows", "3", "--seed", "5", "-o", "-")).out).toBe(out);
    expect((await run("--rows", "3")).out).not.toBe(out);
  });

  test("writes a file: 20,000 rows unless told", async () => {
    expect(await run("-o", "paysim.csv")).toEqual({ code: 0, out: "", err: "" });
    const text = await readFile(join(cwd, "paysim.csv"), "utf8");
    expect(text).toBe(Buffer.concat([...paysimText({ rows: 20_000, seed: 1 })]).toString());
    expect(text.trimEnd().split("\n")).toHaveLength(20_001);
  });

  test("waits for a slow reader, and loses nothing", async () => {
    const child = spawn(process.execPath, [MAIN, "demo-data", "--rows", "50000"], { stdio: ["ignore", "pipe", "inherit"] });
    const hash = createHash("sha256");
    for await (const chunk of child.stdout) {
      hash.update(chunk as Buffer);
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (child.exitCode === null) await once(child, "exit");
    const expected = createHash("sha256");
    for (const chunk of paysimText({ rows: 50_000, seed: 1 })) expected.update(chunk);
    expect(hash.digest("hex")).toBe(expected.digest("hex"));
    expect(child.exitCode).toBe(0);
  });

  test("ends quietly when its reader has seen enough", async () => {
    const child = spawn(process.execPath, [MAIN, "demo-data", "--rows", "1000000"], { stdio: ["ignore", "pipe", "pipe"] });
    await once(child.stdout, "data");
    child.stdout.destroy();
    const messages = (await child.stderr.toArray()).join("");
    if (child.exitCode === null) await once(child, "exit");
    expect({ messages, code: child.exitCode }).toEqual({ messages: "", code: 0 });
  });

  test.each([
    [["--rows", "many"], '--rows is "many", but must be a whole number of at least 0.'],
    [["--rows", "1e6"], '--rows is "1e6", but must be a whole number of at least 0.'],
    [["--seed", "-1"], '--seed is "-1", but must be a whole number of at least 0.'],
  ])("refuses %j in one line", async (argv, message) => {
    expect(await run(...argv)).toEqual({ code: 2, out: "", err: `stemma: ${message}\n` });
  });

  test("says in one line where it cannot write", async () => {
    const { code, err } = await run("--rows", "1", "-o", "no/such/folder.csv");
    expect(code).toBe(1);
    expect(err).toMatch(/^stemma: cannot write .*no\/such\/folder\.csv: ENOENT.*\n$/);
  });

  test("tells in its help how many frauds there are", async () => {
    const { out } = await run("--help");
    expect(out).toContain("0.129 %");
    expect(out).toContain("60 at least");
    expect(out).toContain("Examples:");
  });
});
