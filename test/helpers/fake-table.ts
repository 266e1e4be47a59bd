/** Rows by key and by group, each group in the order in which its rows came: a server finds the newest few of many as quickly as of few. */
export class FakeTable<Row> {
  readonly #rows = new Map<string, Row>();
  readonly #groups = new Map<string, Row[]>();
  readonly #groupOf: (row: Row) => string;

  constructor(groupOf: (row: Row) => string) {
    this.#groupOf = groupOf;
  }

  /** Puts a row where one with its key was, or at the end. */
  set(key: string, row: Row): void {
    const group = this.of(this.#groupOf(row));
    const at = this.#placeOf(key, group);
    if (at < 0) group.push(row);
    else group[at] = row;
    this.#groups.set(this.#groupOf(row), group);
    this.#rows.set(key, row);
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key);
  }

  delete(key: string): void {
    const row = this.#rows.get(key);
    if (row === undefined) return;
    const group = this.of(this.#groupOf(row));
    group.splice(this.#placeOf(key, group), 1);
    if (group.length === 0) this.#groups.delete(this.#groupOf(row));
    this.#rows.delete(key);
  }

  groups(): readonly string[] {
    return [...this.#groups.keys()];
  }

  /** Oldest first. */
  of(group: string): Row[] {
    return this.#groups.get(group) ?? [];
  }

  #placeOf(key: string, group: readonly Row[]): number {
    const row = this.#rows.get(key);
    return row === undefined ? -1 : group.lastIndexOf(row);
  }
}
