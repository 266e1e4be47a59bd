import { StemmaError } from "../lineage/errors.ts";

const SPACE = /[ \t\n\r\uFEFF]*/y;
const STRING = /"(?:[ !#-[\]-\u{10FFFF}]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*"/uy;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const MAX_DEPTH = 500;

/** Reads all the JSON values that follow each other in a text. Throws USAGE with the place where it is not JSON. */
export function parseJsonDocuments(text: string, origin: string): unknown[] {
  const reader = new JsonReader(text, origin);
  const documents: unknown[] = [];
  while (!reader.isAtEnd()) documents.push(reader.value());
  return documents;
}

/** JSON.parse, but it goes on after a value, and says where an error is by line and column. */
class JsonReader {
  readonly #text: string;
  readonly #origin: string;
  #at = 0;
  #depth = 0;

  constructor(text: string, origin: string) {
    this.#text = text;
    this.#origin = origin;
  }

  isAtEnd(): boolean {
    this.#take(SPACE);
    return this.#at === this.#text.length;
  }

  value(): unknown {
    if (this.#takeSign("{")) return Object.fromEntries(this.#list("}", () => this.#member()));
    if (this.#takeSign("[")) return this.#list("]", () => this.value());
    const scalar = this.#take(STRING) ?? this.#take(NUMBER) ?? this.#take(WORD);
    if (scalar === undefined) throw this.#expected("a value");
    return JSON.parse(scalar);
  }

  #list<Item>(end: string, item: () => Item): Item[] {
    const items: Item[] = [];
    if (this.#takeSign(end)) return items;
    if (++this.#depth > MAX_DEPTH) throw this.#expected("something less deep");
    do items.push(item());
    while (this.#takeSign(","));
    if (!this.#takeSign(end)) throw this.#expected(`"," or "${end}"`);
    this.#depth -= 1;
    return items;
  }

  #member(): [string, unknown] {
    this.#take(SPACE);
    const key = this.#take(STRING);
    if (key === undefined) throw this.#expected("a name in double quotes");
    if (!this.#takeSign(":")) throw this.#expected('":"');
    return [JSON.parse(key) as string, this.value()];
  }

  #takeSign(sign: string): boolean {
    this.#take(SPACE);
    if (this.#text[this.#at] !== sign) return false;
    this.#at += 1;
    this.#take(SPACE);
    return true;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #expected(what: string): StemmaError {
    const before = this.#text.slice(0, this.#at).split("\n");
    const place = `${this.#origin}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
    const found = this.#at === this.#text.length ? "the end" : JSON.stringify(this.#text[this.#at]);
    return new StemmaError("USAGE", `${place}: not JSON: ${what} must be here, not ${found}.`);
  }
}
