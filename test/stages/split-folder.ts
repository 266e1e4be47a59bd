import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { FRAUD_TYPES, PAYSIM_COLUMNS } from "../../src/stages/paysim.ts";
import { type SplitOptions, type SplitSummary, splitTables } from "../../src/stages/split.ts";

export const HEADER = PAYSIM_COLUMNS.join(",");
/** Customers C1, C2 and C3; the first two are of the types that are kept. */
export const TRANSFER = "1,TRANSFER,181.0,C1,181.0,0.0,C9,0.0,0.0,1,0";
export const CASH_OUT = "2,CASH_OUT,5.25,C2,10.0,4.75,C9,0.0,5.25,0,0";
export const PAYMENT = "3,PAYMENT,9839.64,C3,170136.0,160296.36,M1,0.0,0.0,0,0";

interface Split {
  readonly summary: SplitSummary;
  readonly bad: readonly string[];
}

/** A folder with raw files in it, and what splitting them makes. */
export class SplitFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<SplitFolder> {
    return new SplitFolder(await mkdtemp(join(tmpdir(), "stemma-split-")));
  }

  async writeRaw(name: string, content: string | Buffer): Promise<void> {
    const path = join(this.path, "raw", name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }

  /** Into one bucket unless told; malformed rows are given as the stage tells them, below the raw folder. */
  async split(options: Partial<SplitOptions> = {}): Promise<Split> {
    const raw = join(this.path, "raw/");
    const bad: string[] = [];
    const summary = await splitTables({
      from: raw.slice(0, -1),
      to: join(this.path, "out"),
      types: FRAUD_TYPES,
      by: { buckets: 1 },
      maxBad: 100,
      onBad: (where, trouble) => bad.push(`${where.slice(raw.length)}: ${trouble}`),
      ...options,
    });
    return { summary, bad };
  }

  /** What is in the output: path below it and content. */
  async written(): Promise<Record<string, string>> {
    const out = join(this.path, "out");
    const entries = await readdir(out, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const contents = files.toSorted().map(async (file) => [file.slice(out.length + 1), await readFile(file, "latin1")] as const);
    return Object.fromEntries(await Promise.all(contents));
  }

  clear(): Promise<void> {
    return rm(join(this.path, "out"), { recursive: true, force: true });
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true });
  }
}
