import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CsvError } from "csv-parse";
import { parse } from "csv-parse/sync";
import { StemmaError } from "../../lineage/errors.ts";
import type { Metric } from "../../mlflow/types.ts";
import { Complaints } from "./complaints.ts";
import { type Line, LineTail } from "./line-tail.ts";
import { type MetricLine, type ReadMetricLine, csvLineReader, readJsonLine } from "./metric-lines.ts";
import { parseKey, parseObject, toText } from "./scalars.ts";
import { isReservedTag } from "../capture/tags.ts";

interface MetricSource {
  readonly file: string;
  readonly tail: LineTail;
  readonly readLine: ReadMetricLine;
}

/** What a command reports in plain files of a folder. A bad entry is complained of, the others count. */
export class Report {
  readonly #folder: string;
  readonly #complaints: Complaints;
  readonly #now: () => Date;
  readonly #sources: readonly MetricSource[];
  readonly #lastSteps = new Map<string, number>();

  constructor(folder: string, complaints: Complaints, now: () => Date) {
    this.#folder = folder;
    this.#complaints = complaints;
    this.#now = now;
    const source = (file: string, readLine: ReadMetricLine): MetricSource => ({
      file,
      tail: new LineTail(join(folder, file)),
      readLine,
    });
    this.#sources = [source("metrics.jsonl", readJsonLine), source("metrics.csv", csvLineReader())];
  }

  /** The metrics that came since the last call, in pieces. With `isEnd` an unfinished last line counts, too. */
  async *readMetrics(isEnd: boolean): AsyncIterable<readonly Metric[]> {
    for (const { file, tail, readLine } of this.#sources) {
      try {
        for await (const lines of tail.read(isEnd)) yield this.#parseLines(file, lines, readLine);
      } catch (error) {
        this.#complaints.add(file, undefined, `cannot be read, ${systemErrorCode(error)}`);
      }
    }
  }

  /**
   * params.csv (`key,value`) and params.json; where both name a key, the latter counts. While the command runs, what cannot be
   * read may be unfinished: only with `isEnd` it is complained of, and only then an unfinished last line counts.
   */
  readParams(isEnd: boolean): Promise<Record<string, string>> {
    return this.#readBoth("params", isEnd);
  }

  /** tags.csv and tags.json, in the same way. */
  async readTags(isEnd: boolean): Promise<Record<string, string>> {
    const tags = await this.#readBoth("tags", isEnd);
    for (const key of Object.keys(tags).filter(isReservedTag)) {
      if (isEnd) this.#complaints.add("tags", undefined, `the tag "${key}" is set by stemma alone`);
      delete tags[key];
    }
    return tags;
  }

  async #readBoth(name: string, isEnd: boolean): Promise<Record<string, string>> {
    const csv = await this.#readPairs(`${name}.csv`, isEnd, (text) => parseCsvPairs(isEnd ? text : completeLines(text)));
    return { ...csv, ...(await this.#readPairs(`${name}.json`, isEnd, parseJsonPairs)) };
  }

  #parseLines(file: string, lines: readonly Line[], readLine: ReadMetricLine): Metric[] {
    const metrics: Metric[] = [];
    for (const { number, text } of lines) {
      const line = this.#complaints.guard(file, number, () => readLine(text));
      if (line !== undefined) metrics.push(this.#complete(line));
    }
    return metrics;
  }

  /** Without a step of its own a value comes one step after the last of its key. */
  #complete({ key, value, step = (this.#lastSteps.get(key) ?? -1) + 1, time = this.#now() }: MetricLine): Metric {
    this.#lastSteps.set(key, step);
    return { key, value, step, time };
  }

  async #readPairs(file: string, isEnd: boolean, parsePairs: (text: string) => Pair[]): Promise<Record<string, string>> {
    const complaints = isEnd ? this.#complaints : new Complaints(() => {});
    const text = await this.#readWhole(file, complaints);
    const pairs = text === undefined ? [] : (complaints.guard(file, undefined, () => parsePairs(text)) ?? []);
    const isGood = ({ key, line }: Pair): boolean => complaints.guard(file, line, () => parseKey(key)) !== undefined;
    return Object.fromEntries(pairs.filter(isGood).map(({ key, value }) => [key, toText(value)]));
  }

  async #readWhole(file: string, complaints: Complaints): Promise<string | undefined> {
    try {
      return await readFile(join(this.#folder, file), "utf8");
    } catch (error) {
      const code = systemErrorCode(error);
      if (code !== "ENOENT") complaints.add(file, undefined, `cannot be read, ${code}`);
      return undefined;
    }
  }
}

interface Pair {
  readonly key: string | undefined;
  readonly value: unknown;
  readonly line?: number | undefined;
}

/** What csv-parse gives with `info`, which its types do not tell. */
interface CsvRow {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function parseJsonPairs(text: string): Pair[] {
  return Object.entries(parseObject(text)).map(([key, value]) => ({ key, value }));
}

function parseCsvPairs(text: string): Pair[] {
  try {
    const rows = parse(text, { bom: true, info: true, relax_column_count: true, skip_empty_lines: true }) as unknown as CsvRow[];
    const pairs = rows.map(({ record, info }) => ({ key: record[0], value: record[1] ?? "", line: info.lines }));
    return pairs[0]?.key === "key" && pairs[0].value === "value" ? pairs.slice(1) : pairs;
  } catch (error) {
    if (error instanceof CsvError) throw new StemmaError("USAGE", `this is no CSV: ${error.message}`, { cause: error });
    throw error;
  }
}

function completeLines(text: string): string {
  return text.slice(0, text.lastIndexOf("\n") + 1);
}

/** The code of an error of the file system; any other error is a bug. */
function systemErrorCode(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return code;
}
