import { join } from "node:path";
import { StemmaError } from "../lineage/errors.ts";
import { ChunkFiles } from "./chunk-files.ts";
import { csvLine, readCsv } from "./csv-file.ts";
import { bucketFolder, customerFolder, LowestCustomers, mixCustomers } from "./customers.ts";
import { PaysimRows } from "./paysim-row.ts";
import type { RawFile } from "./raw-files.ts";
import { listRawFiles } from "./raw-files.ts";

/** Into what the rows go: a fixed number of buckets of customers, or a folder for each of so many customers, or of all. */
export type SplitBy = { readonly buckets: number } | { readonly customers: number | undefined };

export interface SplitOptions {
  /** A file, or a folder that is read with all below it. */
  readonly from: string;
  readonly to: string;
  readonly types: readonly string[];
  readonly by: SplitBy;
  /** More malformed rows than this fail the stage. */
  readonly maxBad: number;
  /** Told of each malformed row as it is met, and where. */
  readonly onBad: (where: string, trouble: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface SplitSummary {
  readonly filesRead: number;
  readonly rows: number;
  readonly kept: number;
  readonly bad: number;
  readonly filesWritten: number;
}

/** Splits tables by customer: keeps the rows of some types as they are, in `<to>/<bucket>/<raw file>`, each with its file's header. */
export async function splitTables(options: SplitOptions): Promise<SplitSummary> {
  const rawFiles = await listRawFiles(options.from);
  const folderOf = await chooseFolders(rawFiles, options);
  const files = new ChunkFiles();
  const counts = { rows: 0, kept: 0, bad: 0 };
  try {
    for (const file of rawFiles) {
      let header = "";
      await eachRow(file, options, {
        onHeader: (fields) => (header = csvLine(fields)),
        onBad: (line, lines, trouble) => {
          counts.rows += lines;
          counts.bad += lines;
          options.onBad(`${file.path}:${line}`, trouble);
          if (counts.bad > options.maxBad) throw tooManyBad(counts.bad, options.maxBad);
        },
        onGood: (rows, fields) => {
          counts.rows++;
          if (!options.types.includes(rows.typeOf(fields))) return;
          const folder = folderOf(rows.customerOf(fields));
          if (folder === undefined) return;
          counts.kept++;
          files.append(join(options.to, folder, file.name), header, csvLine(fields));
        },
      });
    }
    files.flush();
  } catch (error) {
    files.discard();
    throw error;
  }
  return { ...counts, filesRead: rawFiles.length, filesWritten: files.count };
}

type FolderOf = (customer: string) => string | undefined;

async function chooseFolders(rawFiles: readonly RawFile[], options: SplitOptions): Promise<FolderOf> {
  const { by } = options;
  if ("buckets" in by) return (customer) => bucketFolder(customer, by.buckets);
  if (by.customers === undefined) return customerFolder;
  const chosen = await chooseCustomers(rawFiles, options, by.customers);
  return (customer) => (chosen.has(customer) ? customerFolder(customer) : undefined);
}

/** Reads everything twice, so that memory grows with the customers that have frauds, and not with all of them. */
async function chooseCustomers(rawFiles: readonly RawFile[], options: SplitOptions, count: number): Promise<Set<string>> {
  const withFraud = new Set<string>();
  const others = new LowestCustomers(count);
  await eachCustomer(rawFiles, options, (customer, isFraud) => isFraud && withFraud.add(customer));
  await eachCustomer(rawFiles, options, (customer) => withFraud.has(customer) || others.offer(customer));
  const frauds = new LowestCustomers(count);
  for (const customer of withFraud) frauds.offer(customer);
  return mixCustomers(frauds.take(), others.take(), count);
}

async function eachCustomer(
  rawFiles: readonly RawFile[],
  options: SplitOptions,
  visit: (customer: string, isFraud: boolean) => unknown,
): Promise<void> {
  for (const file of rawFiles) {
    await eachRow(file, options, {
      onHeader: () => undefined,
      onBad: () => undefined,
      onGood: (rows, fields) => {
        if (options.types.includes(rows.typeOf(fields))) visit(rows.customerOf(fields), rows.isFraud(fields));
      },
    });
  }
}

interface RowVisitor {
  readonly onHeader: (fields: readonly string[]) => void;
  /** A malformed row, which may run over several lines: then a quote has swallowed whole rows, and each of them counts. */
  readonly onBad: (line: number, lines: number, trouble: string) => void;
  readonly onGood: (rows: PaysimRows, fields: readonly string[]) => void;
}

async function eachRow(file: RawFile, options: SplitOptions, visitor: RowVisitor): Promise<void> {
  let rows: PaysimRows | undefined;
  const events = {
    onHeader: (fields: readonly string[]) => {
      rows = new PaysimRows(fields, file.path);
      visitor.onHeader(fields);
    },
    onRow: (fields: readonly string[], line: number, lines: number) => {
      if (rows === undefined) return;
      const trouble = lines > 1 ? `a quoted field runs over ${lines} lines` : rows.findTrouble(fields);
      if (trouble === undefined) visitor.onGood(rows, fields);
      else visitor.onBad(line, lines, trouble);
    },
  };
  await readCsv(file.path, file.path, events, options.signal);
}

function tooManyBad(bad: number, maxBad: number): StemmaError {
  return new StemmaError("FAILED", `${bad} malformed rows, and --max-bad allows ${maxBad}.`, {
    hint: "Mend the rows, or raise --max-bad to leave them out.",
  });
}
