import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PAYSIM_COLUMNS } from "../../src/stages/paysim.ts";
import { startTestEngine } from "../helpers/engine.ts";
import { stemma } from "./terminal.ts";

let cwd: string;
const env = { ...process.env, PACHD_ADDRESS: undefined, MLFLOW_TRACKING_URI: undefined, STEMMA_HOME: undefined };

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "stemma-demo-"));
});
afterEach(() => {
  rmSync(cwd, { recursive: true });
});

// The whole walk is test/e2e/demo.test.ts.
describe("stemma demo", () => {
  test("names the columns that a CSV lacks before anything is started", async () => {
    const file = join(cwd, "bank.csv");
    writeFileSync(
      file,
      `\u{FEFF}${PAYSIM_COLUMNS.filter((column) => column !== "amount" && column !== "isFraud").join(",")}\r\n1,2\r\n`,
    );
    const { code, out, err } = await stemma(["demo", "--csv", file], { cwd, env });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toBe(
      `stemma: ${file} has no column "amount", "isFraud"; its first line has to name ${PAYSIM_COLUMNS.join(",")}.\n`,
    );
    expect(existsSync(join(cwd, ".stemma"))).toBe(false);
  });

  test("says that a CSV does not exist, or is a folder", async () => {
    expect(await stemma(["demo", "--csv", "no.csv"], { cwd, env })).toEqual({
      code: 3,
      out: "",
      err: "stemma: there is no file no.csv\n",
    });
    expect(await stemma(["demo", "--csv", cwd], { cwd, env })).toEqual({
      code: 2,
      out: "",
      err: `stemma: cannot read ${cwd}: it is a folder\n`,
    });
  });

  test("says in one line that MLflow cannot be reached", async () => {
    const outside = await startTestEngine();
    try {
      const given = { ...env, PACHD_ADDRESS: outside.engine.address, MLFLOW_TRACKING_URI: "http://127.0.0.1:1" };
      const { code, err } = await stemma(["demo", "--rows", "100"], { cwd, env: given });
      expect(code).toBe(4);
      expect(err.split("\n").filter((line) => line.startsWith("stemma:"))).toEqual([
        expect.stringContaining("http://127.0.0.1:1"),
      ]);
    } finally {
      await outside.close();
    }
  });
});
