/** A table as it was printed: by its heads, the cells of each row. */
export interface Table {
  readonly heads: readonly string[];
  readonly rows: readonly Readonly<Record<string, string>>[];
}

/** Output in its parts: JSON messages, tables, and lines of text. */
export type Part = { readonly message: unknown } | { readonly table: Table } | { readonly line: string };

const HEADS =
  /SIZE \(MASTER\)|STATE \/ LAST JOB|PROJECT|REPO|COMMIT|FINISHED|SIZE|ORIGIN|CREATOR|DESCRIPTION|NAME|CREATED|BRANCH|HEAD|TRIGGER|PIPELINE|SUBJOBS|SUBCOMMITS|ID|STARTED|DURATION|RESTART|PROGRESS|DL|UL|STATE|VERSION|INPUT|ALERTS|MODIFIED|FILES|STATUS|TIME|OP/g;

/** Takes what a command line printed apart. */
export function parse(output: string): Part[] {
  const parts: Part[] = [];
  let rest = output;
  while (rest.trim() !== "") {
    const json = rest.startsWith("{") ? /^\{[^]*?\n\}/.exec(rest)?.[0] : undefined;
    if (json !== undefined) {
      parts.push({ message: JSON.parse(json) });
      rest = rest.slice(json.length).replace(/^\n/, "");
      continue;
    }
    const [line = ""] = rest.split("\n", 1);
    rest = rest.slice(line.length + 1);
    const columns = columnsOf(line);
    const last = parts.at(-1);
    if (columns !== undefined) parts.push({ table: new Rows(columns) });
    else if (last !== undefined && "table" in last && last.table instanceof Rows && line.trim() !== "") last.table.add(line);
    else parts.push({ line: line.trimEnd() });
  }
  return parts.map((part) => ("table" in part ? { table: { heads: part.table.heads, rows: part.table.rows } } : part));
}

interface Column {
  readonly head: string;
  readonly start: number;
}

/** The columns of a table's first line, by tabs (start is then the column's number) or by where they begin. */
function columnsOf(line: string): { readonly tabs: boolean; readonly columns: readonly Column[] } | undefined {
  const columns = [...line.matchAll(HEADS)].map((match) => ({ head: match[0], start: match.index }));
  if (columns.length < 2 || line.replaceAll(HEADS, "").trim() !== "") return undefined;
  return { tabs: line.includes("\t"), columns };
}

class Rows implements Table {
  readonly rows: Record<string, string>[] = [];
  readonly #tabs: boolean;
  readonly #columns: readonly Column[];

  constructor({ tabs, columns }: { readonly tabs: boolean; readonly columns: readonly Column[] }) {
    this.#tabs = tabs;
    this.#columns = columns;
  }

  get heads(): string[] {
    return this.#columns.map(({ head }) => head);
  }

  add(line: string): void {
    const characters = Array.from(line);
    const cells = this.#tabs
      ? line.split("\t")
      : this.#columns.map(({ start }, index) => characters.slice(start, this.#columns[index + 1]?.start).join(""));
    this.rows.push(Object.fromEntries(this.heads.map((head, index) => [head, (cells[index] ?? "").trim()])));
  }
}
