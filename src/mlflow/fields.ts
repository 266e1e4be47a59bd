import { StemmaError } from "../lineage/errors.ts";

/**
 * The fields of a JSON object that somebody else wrote. Reading one that is not there, or is of another kind, is FAILED
 * with its place, so that a lying answer is one clear line.
 */
export class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;
  /** How a complaint begins: who answers what. */
  readonly #answer: string;
  readonly #path: string;

  private constructor(fields: Readonly<Record<string, unknown>>, answer: string, path: string) {
    this.#fields = fields;
    this.#answer = answer;
    this.#path = path;
  }

  static of(value: unknown, answer: string, path = ""): Fields {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw unexpected(answer, path === "" ? "an object" : `an object "${path}"`);
    return new Fields(value as Record<string, unknown>, answer, path);
  }

  /** An object that must be there. */
  object(name: string): Fields {
    return Fields.of(this.#fields[name], this.#answer, this.#pathOf(name));
  }

  /** An object whose absence is an empty one: MLflow leaves out what is empty. */
  group(name: string): Fields {
    return Fields.of(this.#fields[name] ?? {}, this.#answer, this.#pathOf(name));
  }

  /** Objects; none where the field is absent. */
  list(name: string): Fields[] {
    const value = this.#fields[name] ?? [];
    if (!Array.isArray(value)) throw this.#wrong(name, "a list");
    return value.map((item: unknown, index) => Fields.of(item, this.#answer, `${this.#pathOf(name)}[${index}]`));
  }

  text(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined) throw this.#wrong(name, "a text");
    return value;
  }

  /** Undefined when it is absent or empty. */
  optionalText(name: string): string | undefined {
    const value = this.#fields[name] ?? "";
    if (typeof value !== "string") throw this.#wrong(name, "a text");
    return value === "" ? undefined : value;
  }

  /** A text that looks like this. */
  id(name: string, pattern: RegExp): string {
    const value = this.text(name);
    if (!pattern.test(value)) throw this.#wrong(name, "an id");
    return value;
  }

  texts(name: string): string[] {
    const value = this.#fields[name] ?? [];
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) throw this.#wrong(name, "a list of texts");
    return value;
  }

  /** All fields that are texts. */
  allTexts(): Record<string, string> {
    return Object.fromEntries(
      Object.entries(this.#fields).filter((field): field is [string, string] => typeof field[1] === "string"),
    );
  }

  /** A number, also one that is written as a text, such as `"NaN"`; undefined when it is absent. */
  number(name: string): number | undefined {
    const value = this.#fields[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "number" && typeof value !== "string") throw this.#wrong(name, "a number");
    return Number(value);
  }

  /** Only a plain `true` is. */
  isTrue(name: string): boolean {
    return this.#fields[name] === true;
  }

  #wrong(name: string, kind: string): StemmaError {
    return unexpected(this.#answer, `${kind} "${this.#pathOf(name)}"`);
  }

  #pathOf(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }
}

function unexpected(answer: string, what: string): StemmaError {
  return new StemmaError("FAILED", `${answer} without ${what}.`, { hint: "Is that the address of an MLflow server?" });
}
