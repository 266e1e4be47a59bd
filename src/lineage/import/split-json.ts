/** A JSON value and the line that it begins on. */
export interface JsonText {
  readonly line: number;
  readonly text: string;
}

/** What is wrong with a text, and on which line. */
export class JsonTextError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/**
 * The objects in a text that holds one, or an array of them, or one after the other with or without line breaks between and
 * within. Throws a JsonTextError.
 */
export function* splitJson(text: string): IterableIterator<JsonText> {
  const scan = new Scanner(text);
  let inArray = false;
  let needsComma = false;
  for (let next = scan.skipSpace(); next !== ""; next = scan.skipSpace()) {
    if (next === "{" && !(inArray && needsComma)) {
      yield scan.object();
      needsComma = true;
    } else if (next === "[" && !inArray) {
      inArray = true;
      needsComma = false;
      scan.step();
    } else if (next === "]" && inArray) {
      inArray = false;
      scan.step();
    } else if (next === "," && inArray && needsComma) {
      needsComma = false;
      scan.step();
    } else throw new JsonTextError(scan.line, `there is ${JSON.stringify(next)} where an event should begin.`);
  }
  if (inArray) throw new JsonTextError(scan.line, `the text ends within its array.`);
}

class Scanner {
  readonly #text: string;
  #at = 0;
  line = 1;

  constructor(text: string) {
    this.#text = text.startsWith("\uFEFF") ? text.slice(1) : text;
  }

  /** The next character that is no space, or "" at the end. */
  skipSpace(): string {
    for (let next = this.#peek(); next === " " || next === "\t" || next === "\n" || next === "\r"; next = this.#peek())
      this.step();
    return this.#peek();
  }

  step(): void {
    if (this.#peek() === "\n") this.line += 1;
    this.#at += 1;
  }

  /** From the brace that opens an object to the one that closes it. */
  object(): JsonText {
    const { line } = this;
    const from = this.#at;
    let depth = 0;
    let inString = false;
    do {
      const next = this.#peek();
      if (next === "") throw new JsonTextError(line, `the text ends within the event that begins here.`);
      if (inString && next === "\\") this.step();
      else if (next === '"') inString = !inString;
      else if (!inString && (next === "{" || next === "[")) depth += 1;
      else if (!inString && (next === "}" || next === "]")) depth -= 1;
      this.step();
    } while (depth > 0);
    return { line, text: this.#text.slice(from, this.#at) };
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }
}
