import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, test } from "vitest";
import { formatUrn } from "../../src/lineage/urn.ts";
import { runId, setId, trainingIndex } from "../lineage/training-index.ts";
import { stemma } from "./terminal.ts";

const cwd = mkdtempSync(join(tmpdir(), "stemma-completion-"));
afterAll(() => rmSync(cwd, { recursive: true }));
const file = join(cwd, "index.db");
{
  using index = trainingIndex({ days: 2 });
  const etl = { kind: "file", project: "default", repo: "etl", type: "user", commit: setId(2), path: "/part 1.csv" } as const;
  index.write((writer) => {
    writer.say({ node: etl, rank: "source", edges: [] });
    writer.point("branch:fraud/etl", "dev", formatUrn({ ...etl, kind: "commit", project: "fraud", id: setId(1) }), new Date());
  });
  index.sqlite.exec(`VACUUM INTO '${file}'`);
}

/** The words that could stand in place of the last one. */
async function words(...line: readonly string[]): Promise<readonly string[]> {
  const { code, out, err } = await stemma(["complete", "--", ...line], { cwd, env: { STEMMA_INDEX: file } });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out
    .split("\n")
    .slice(0, -1)
    .map((each) => each.split("\t")[0] ?? "");
}

describe("completion", () => {
  test.each([
    [["tra"], ["trace", "track"]],
    [
      ["index", "s"],
      ["sync", "status"],
    ],
    [["index", "sync", "--w"], ["--watch"]],
    [["trace", "--at"], ["--attempts"]],
    [
      ["trace", "-o", "j"],
      ["json", "jsonl"],
    ],
    [["trace", "x@y", "--kind", "mod"], ["model-version"]],
    [["trace", "x@y", "--until", "comm"], ["commit"]],
    [["trace", "--index", "x"], []],
    [["trace", "e"], ["etl@master"]],
    [["trace", "fraud/"], ["fraud/etl@dev"]],
    [["trace", "etl@"], ["etl@master"]],
    [["trace", `etl@${setId(1).slice(0, 8)}`], [`etl@${setId(1)}`]],
    [["get", "etl@master:/p"], ["etl@master:/part 1.csv"]],
    [["diff", runId(1).slice(0, 8)], [runId(1).slice(0, 12)]],
    [
      ["why", "models:"],
      ["models:/fraud@champion", "models:/fraud/1", "models:/fraud/2"],
    ],
    [["down", "x"], []],
    [["nonsense", "x"], []],
  ])("of %j is %j", async (line, expected) => {
    expect(await words(...line)).toEqual(expected);
  });

  test("says beside a word what it is", async () => {
    const { out } = await stemma(["complete", "--", "trace", runId(2).slice(0, 8)], { cwd, env: { STEMMA_INDEX: file } });
    expect(out).toBe(`${runId(2).slice(0, 12)}\tday 2\n`);
  });

  test("completes nothing without an index, and with a damaged one", async () => {
    for (const index of [join(cwd, "none.db"), resolve("package.json")])
      expect(await stemma(["complete", "--", "trace", "e"], { cwd, env: { STEMMA_INDEX: index } })).toEqual({
        code: 0,
        out: "",
        err: "",
      });
  });

  test("is not in the help, and its scripts are", async () => {
    const { out } = await stemma(["--help"], { cwd, env: {} });
    expect(out).toMatch(/^ {2}completion /m);
    expect(out).not.toMatch(/^ {2}complete /m);
  });

  test("works in bash, where @ and : part words", async () => {
    const bin = join(cwd, "bin");
    mkdirSync(bin);
    symlinkSync(resolve("bin/stemma.js"), join(bin, "stemma"));
    const script = [
      "source <(stemma completion bash)",
      'COMP_LINE="stemma trace etl@ma"; COMP_POINT=${#COMP_LINE}; _stemma; printf "%s\\n" "${COMPREPLY[@]}"',
      'COMP_LINE="stemma why models:/fr"; COMP_POINT=${#COMP_LINE}; _stemma; printf "%s\\n" "${COMPREPLY[@]}"',
    ];
    const path = [bin, dirname(process.execPath), process.env["PATH"]].join(delimiter);
    const { stdout } = await execa("bash", ["-c", script.join("\n")], { cwd, env: { PATH: path, STEMMA_INDEX: file } });
    expect(stdout.split("\n")).toEqual(["master", "/fraud@champion", "/fraud/1", "/fraud/2"]);
  });
});
