import type { PlanTables, SparkTable } from "./plan.ts";
import type { SparkSummary } from "./summary.ts";

/** A program that reads ten thousand files one by one has as many plans. */
const MOST_TABLES = 500;

/** A table may be a query. */
const LONGEST_NAME = 1000;

interface Execution {
  /** The execution that this one is a part of; often itself. */
  readonly root: number;
  readonly tables: PlanTables;
}

/** The tables of an application, of which only the last plan of each execution counts: Spark plans anew while it works. */
export class SparkTables {
  readonly #redact: (text: string) => string;
  readonly #underWay = new Map<number, Execution>();
  readonly #read = new Map<string, SparkTable>();
  readonly #written = new Map<string, SparkTable>();
  #leftOut = 0;

  /** `redact` takes secrets out of a text, such as the password in a URL. */
  constructor(redact: (text: string) => string) {
    this.#redact = redact;
  }

  begin(execution: number, root: number, tables: PlanTables): void {
    this.#underWay.set(execution, { root, tables });
  }

  plan(execution: number, tables: PlanTables): void {
    this.#underWay.set(execution, { root: this.#underWay.get(execution)?.root ?? execution, tables });
  }

  /** One that failed has read, and has not written. */
  end(execution: number, hasFailed: boolean): void {
    const ended = this.#underWay.get(execution);
    if (ended === undefined) return;
    const created = this.#underWay.get(ended.root)?.tables.creates;
    this.#underWay.delete(execution);
    for (const table of ended.tables.read) this.#keep(this.#read, table);
    if (hasFailed) return;
    for (const table of ended.tables.written) this.#keep(this.#written, { ...table, table: table.table ?? created });
  }

  /** Takes what is under way still for failed: its application was killed. */
  summary(): SparkSummary["tables"] {
    for (const execution of this.#underWay.keys()) this.end(execution, true);
    return { read: sorted(this.#read), written: sorted(this.#written), leftOut: this.#leftOut };
  }

  #keep(kept: Map<string, SparkTable>, { format, table, locations, locationCount }: SparkTable): void {
    const clean = (text: string): string => this.#redact(text).slice(0, LONGEST_NAME);
    const known: SparkTable = {
      format: clean(format),
      ...(table === undefined ? {} : { table: clean(table) }),
      locations: locations.map(clean),
      locationCount,
    };
    const key = JSON.stringify(known);
    if (kept.has(key)) return;
    if (kept.size < MOST_TABLES) kept.set(key, known);
    else this.#leftOut += 1;
  }
}

function sorted(tables: ReadonlyMap<string, SparkTable>): SparkTable[] {
  return [...tables].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, table]) => table);
}
