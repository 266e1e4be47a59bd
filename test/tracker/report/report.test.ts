import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { Metric } from "../../../src/mlflow/types.ts";
import { Complaints } from "../../../src/tracker/report/complaints.ts";
import { type Line, LineTail } from "../../../src/tracker/report/line-tail.ts";
import { Report } from "../../../src/tracker/report/report.ts";
import { listOf } from "../../mlflow/fixtures.ts";
import { runs } from "../../helpers/scale.ts";
import { makeFolder } from "../harness.ts";

const now = new Date("2026-01-02T03:04:05Z");
let folder = "";
let said: string[] = [];
let report: Report;

beforeEach(async () => {
  folder = await makeFolder();
  said = [];
  report = new Report(folder, new Complaints((line) => said.push(line)), () => now);
});

/** All metrics that a report has now. */
async function metricsOf(from: Report, isEnd: boolean): Promise<Metric[]> {
  return (await listOf(from.readMetrics(isEnd))).flat();
}

/** All lines that a tail has now. */
async function linesOf(tail: LineTail, isEnd: boolean): Promise<Line[]> {
  return (await listOf(tail.read(isEnd))).flat();
}

const write = (file: string, text: string): Promise<void> => appendFile(join(folder, file), text);

describe("metrics", () => {
  test("a curve grows line by line, an unfinished line waits for its end", async () => {
    await write("metrics.jsonl", '{"key":"loss","value":0.5,"step":10,"time":"2026-01-01T00:00:00Z"}\n{"key":"lo');
    expect(await metricsOf(report, false)).toEqual([
      { key: "loss", value: 0.5, step: 10, time: new Date("2026-01-01T00:00:00Z") },
    ]);
    await write("metrics.jsonl", 'ss","value":0.25}');
    expect(await metricsOf(report, false)).toEqual([]);
    expect(await metricsOf(report, true)).toEqual([{ key: "loss", value: 0.25, step: 11, time: now }]);
    expect(await metricsOf(report, true)).toEqual([]);
    expect(said).toEqual([]);
  });

  test("CSV: with a header in any order, or without one", async () => {
    await write("metrics.csv", "step,key,value\r\n3,auc,0.75\r\n\r\n,auc,nan\r\n");
    expect(await metricsOf(report, true)).toEqual([
      { key: "auc", value: 0.75, step: 3, time: now },
      { key: "auc", value: NaN, step: 4, time: now },
    ]);
    const other = await makeFolder();
    await writeFile(join(other, "metrics.csv"), '"auc",0.5,1,1700000000\nauc,-inf,2,1700000001500\n');
    expect(await metricsOf(new Report(other, new Complaints(() => {}), () => now), true)).toEqual([
      { key: "auc", value: 0.5, step: 1, time: new Date(1_700_000_000_000) },
      { key: "auc", value: -Infinity, step: 2, time: new Date(1_700_000_001_500) },
    ]);
  });

  test("a bad line is told with file and line, and the rest counts", async () => {
    await write(
      "metrics.jsonl",
      '{"key":"a","value":1}\noops\n{"key":"a","value":"much"}\n{"value":1}\n[1]\n{"key":"a#","value":1}\n',
    );
    await write(
      "metrics.jsonl",
      '{"key":"a","value":1,"step":1.5}\n{"key":"a","value":1,"time":"soon"}\n\n{"key":"b","value":NaN}\n',
    );
    await write("metrics.csv", 'c,1\n"c,2\nc\nd,2\n');
    expect((await metricsOf(report, true)).map(({ key, value }) => [key, value])).toEqual([
      ["a", 1],
      ["b", NaN],
      ["c", 1],
      ["d", 2],
    ]);
    expect(said).toEqual([
      "metrics.jsonl, line 2: this is not JSON; left out",
      'metrics.jsonl, line 3: the value "much" is no number; left out',
      "metrics.jsonl, line 4: there is no key; left out",
      "metrics.jsonl, line 5: this is no JSON object; left out",
      'metrics.jsonl, line 6: the key "a#" holds something else than letters, digits, spaces and _ - . : /; left out',
      "metrics.jsonl, line 7: the step 1.5 is no whole number; left out",
      'metrics.jsonl, line 8: the time "soon" is no time; left out',
      "metrics.csv, line 2: this is no CSV line; left out",
      "metrics.csv, line 3: the value  is no number; left out",
    ]);
  });

  test("a file that is all wrong does not flood the screen", async () => {
    const complaints = new Complaints((line) => said.push(line));
    await write("metrics.jsonl", "x\n".repeat(500));
    await metricsOf(new Report(folder, complaints, () => now), true);
    complaints.close();
    expect(said).toHaveLength(11);
    expect(said.at(-1)).toBe("metrics.jsonl: 490 more of these");
  });
});

describe("params and tags", () => {
  test("params come from CSV and JSON, values as text", async () => {
    await write("params.csv", 'key,value\nseed,7\nnote,"a, b"\nlr,1\n');
    await write("params.json", '{"lr":0.1,"deep":true,"layers":[3,4],"none":null,"bad":NaN,"text":"NaN, \\"x\\""}');
    expect(await report.readParams(true)).toEqual({
      seed: "7",
      note: "a, b",
      lr: "0.1",
      deep: "true",
      layers: "[3,4]",
      none: "null",
      bad: "NaN",
      text: 'NaN, "x"',
    });
    expect(said).toEqual([]);
  });

  test("bad entries are told, a bad file as a whole", async () => {
    await write("params.json", '{"a":1,');
    await write("params.csv", "good,1\n../up,2\n");
    await write("tags.json", '{"team":"fraud","pachyderm.commit":"fake","a#b":"x"}');
    expect(await report.readParams(true)).toEqual({ good: "1" });
    expect(await report.readTags(true)).toEqual({ team: "fraud" });
    expect(said).toEqual([
      'params.csv, line 2: the key "../up" is no plain path; left out',
      "params.json: this is not JSON; left out",
      'tags.json: the key "a#b" holds something else than letters, digits, spaces and _ - . : /; left out',
      'tags: the tag "pachyderm.commit" is set by stemma alone; left out',
    ]);
  });

  test("tags come from CSV and JSON alike", async () => {
    await write("tags.csv", "key,value\nteam,fraud\nstage,trial\nstemma.key,fake\n");
    await write("tags.json", '{"stage":"final"}');
    expect(await report.readTags(true)).toEqual({ team: "fraud", stage: "final" });
    expect(said).toEqual(['tags: the tag "stemma.key" is set by stemma alone; left out']);
  });

  test("while the command runs, what is unfinished waits without a word", async () => {
    await write("params.csv", "seed,7\nlr,0.");
    await write("params.json", '{"deep":');
    await write("tags.csv", "pachyderm.job,x\nte");
    expect([await report.readParams(false), await report.readTags(false), said]).toEqual([{ seed: "7" }, {}, []]);
    await write("params.csv", "25");
    await write("params.json", "true}");
    await write("tags.csv", "am,fraud");
    expect(await report.readParams(true)).toEqual({ seed: "7", lr: "0.25", deep: "true" });
    expect(await report.readTags(true)).toEqual({ team: "fraud" });
    expect(said).toEqual(['tags: the tag "pachyderm.job" is set by stemma alone; left out']);
  });

  test("no files is an empty report, a folder in a file's place is told", async () => {
    await mkdir(join(folder, "tags.json"));
    expect([await report.readParams(true), await report.readTags(true), await metricsOf(report, true)]).toEqual([{}, {}, []]);
    expect(said).toEqual(["tags.json: cannot be read, EISDIR; left out"]);
  });
});

describe("LineTail", () => {
  test("however a file is written, its lines come once, whole and in order", async () => {
    let count = 0;
    const anyText = fc
      .array(fc.constantFrom("a", "ü", "😀", "\n", "\r\n"), { maxLength: 40 })
      .map((parts) => Buffer.from(parts.join("")));
    await fc.assert(
      fc.asyncProperty(anyText, fc.array(fc.nat(60), { maxLength: 6 }), async (bytes, cuts) => {
        const path = join(folder, `tail-${count++}`);
        const tail = new LineTail(path);
        const texts: string[] = [];
        const read = async (isEnd: boolean): Promise<void> =>
          void texts.push(...(await linesOf(tail, isEnd)).map(({ text }) => text));
        const ends = [...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].sort((a, b) => a - b);
        let start = 0;
        for (const end of ends) {
          await appendFile(path, bytes.subarray(start, end));
          await read(false);
          start = end;
        }
        await read(true);
        const lines = bytes.toString().split("\n");
        expect(texts).toEqual(lines.at(-1) === "" ? lines.slice(0, -1) : lines);
      }),
      runs(50),
    );
  });

  test("a file of any size comes in pieces of whole lines", async () => {
    const path = join(folder, "large");
    const texts = Array.from({ length: 60_000 }, (_, index) => `${index} ${"x".repeat(index % 60)}`);
    await writeFile(path, texts.join("\n"));
    const pieces = await listOf(new LineTail(path).read(true));
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.flat().map(({ text }) => text)).toEqual(texts);
    expect(pieces.flat().at(-1)?.number).toBe(60_000);
  });

  test("a file that is begun anew is read anew", async () => {
    const path = join(folder, "again");
    const tail = new LineTail(path);
    expect(await linesOf(tail, false)).toEqual([]);
    await writeFile(path, "one\ntwo\nthree\n");
    expect(await linesOf(tail, false)).toHaveLength(3);
    await writeFile(path, "four\n");
    expect(await linesOf(tail, false)).toEqual([{ number: 1, text: "four" }]);
  });
});
