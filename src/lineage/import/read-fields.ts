import { StemmaError } from "../errors.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** An object of a JSON document, with its place there, so that what is wrong with it can be said. */
export class Fields {
  readonly value: JsonObject;
  readonly #place: string;

  constructor(value: unknown, place = "") {
    if (!isObject(value)) throw bad(place === "" ? "the event" : place, "an object");
    this.value = value;
    this.#place = place;
  }

  has(key: string): boolean {
    return this.value[key] !== undefined;
  }

  object(key: string): Fields {
    return new Fields(this.value[key], this.#at(key));
  }

  /** An object that may be left out. */
  objectOrNone(key: string): Fields {
    return new Fields(this.value[key] ?? {}, this.#at(key));
  }

  /** A list of objects that may be left out. */
  objects(key: string): readonly Fields[] {
    const list = this.value[key] ?? [];
    if (!Array.isArray(list)) throw bad(this.#at(key), "a list");
    return list.map((each, index) => new Fields(each, `${this.#at(key)}[${index}]`));
  }

  /** The objects by their names. */
  entries(): readonly (readonly [string, JsonObject])[] {
    return Object.keys(this.value).map((key) => [key, this.object(key).value]);
  }

  text(key: string): string {
    const value = this.value[key];
    if (typeof value !== "string" || value === "") throw bad(this.#at(key), "a text that is not empty");
    return value;
  }

  textOrNone(key: string): string | undefined {
    return this.has(key) ? this.text(key) : undefined;
  }

  texts(key: string): readonly string[] {
    const list = this.value[key] ?? [];
    if (!Array.isArray(list) || !list.every((each) => typeof each === "string")) throw bad(this.#at(key), "a list of texts");
    return list;
  }

  oneOf<Word extends string>(key: string, words: readonly Word[]): Word {
    const word = words.find((each) => each === this.value[key]);
    if (word === undefined) throw bad(this.#at(key), `one of ${words.join(", ")}`);
    return word;
  }

  uuid(key: string): string {
    const value = this.text(key);
    if (!UUID.test(value)) throw bad(this.#at(key), "a UUID");
    return value.toLowerCase();
  }

  /** Milliseconds since 1970. */
  time(key: string): number {
    const value = this.text(key);
    const time = DATE_TIME.test(value) ? Date.parse(value) : Number.NaN;
    if (Number.isNaN(time)) throw bad(this.#at(key), "a date and time with a zone");
    return time;
  }

  #at(key: string): string {
    return this.#place === "" ? key : `${this.#place}.${key}`;
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:?\d\d)$/;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Any value as text: what is no text as JSON. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function bad(place: string, wanted: string): StemmaError {
  return new StemmaError("USAGE", `${place} is not ${wanted}.`);
}
