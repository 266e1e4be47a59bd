import { StemmaError } from "../lineage/errors.ts";
import { ChunkFiles } from "./chunk-files.ts";
import { readCsv } from "./csv-file.ts";
import type { CsvRow } from "./csv-row.ts";
import { bucketFolders, bucketOf, bucketsFor, customerFolder, LowestCustomers, mixCustomers } from "./customers.ts";
import { PaysimColumns, type PaysimRow } from "./paysim-columns.ts";
import type { RawFile } from "./raw-files.ts";
import { listRawFiles, sizeOf } from "./raw-files.ts";

/** Into what the rows go: buckets of customers, as many as the size asks for unless told, or a folder for each of so many customers, or of all. */
export type SplitBy = { readonly buckets: number | undefined } | { readonly customers: number | undefined };

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
  const written: ChunkFiles[] = [];
  const counts = { rows: 0, kept: 0, bad: 0 };
  try {
    for (const file of rawFiles) {
      const chunks = new ChunkFiles(options.to, file.name);
      written.push(chunks);
      await eachRow(file, options, {
        onHeader: ({ text }) => (chunks.header = text),
        onBad: ({ line, lines }, trouble) => {
          counts.rows += lines;
          counts.bad += lines;
          options.onBad(`${file.path}:${line}`, trouble);
          if (counts.bad > options.maxBad) throw tooManyBad(counts.bad, options.maxBad);
        },
        onGood: ({ type, customer }, text) => {
          counts.rows++;
          if (!options.types.includes(type)) return;
          const folder = folderOf(customer);
          if (folder === undefined) return;
          counts.kept++;
          chunks.append(folder, text);
        },
      });
      chunks.flush();
    }
  } catch (error) {
    for (const chunks of written) chunks.discard();
    throw error;
  }
  return { ...counts, filesRead: rawFiles.length, filesWritten: written.reduce((sum, { count }) => sum + count, 0) };
}

type FolderOf = (customer: string) => string | undefined;

async function chooseFolders(rawFiles: readonly RawFile[], options: SplitOptions): Promise<FolderOf> {
  const { by } = options;
  if ("buckets" in by) {
    const folders = bucketFolders(by.buckets ?? bucketsFor(await sizeOf(rawFiles)));
    return (customer) => folders[bucketOf(customer, folders.length)];
  }
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
      onGood: ({ type, customer, isFraud }) => {
        if (options.types.includes(type)) visit(customer, isFraud);
      },
    });
  }
}

interface RowVisitor {
  readonly onHeader: (header: CsvRow) => unknown;
  /** A malformed row, which may run over several lines: then a quote has swallowed whole rows, and each of them counts. */
  readonly onBad: (row: CsvRow, trouble: string) => void;
  readonly onGood: (row: PaysimRow, text: string) => void;
}

async function eachRow(file: RawFile, options: SplitOptions, visitor: RowVisitor): Promise<void> {
  let columns: PaysimColumns | undefined;
  const events = {
    onHeader: (header: CsvRow) => {
      columns = new PaysimColumns(header.fields, file.path);
      visitor.onHeader(header);
    },
    onRow: (row: CsvRow) => {
      if (columns === undefined) return;
      const read = columns.read(row);
      if (typeof read === "string") visitor.onBad(row, read);
      else visitor.onGood(read, row.text);
    },
  };
  await readCsv(file.path, file.path, events, options.signal);
}

function tooManyBad(bad: number, maxBad: number): StemmaError {
  return new StemmaError("FAILED", `${bad} malformed rows, and --max-bad allows ${maxBad}.`, {
    hint: "Mend the rows, or raise --max-bad to leave them out.",
  });
}
