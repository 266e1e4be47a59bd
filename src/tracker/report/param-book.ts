import { createHash } from "node:crypto";
import { VALUE_LIMITS, cutText } from "../../mlflow/batches.ts";
import type { Complaints } from "./complaints.ts";

/** How much of a value a complaint shows. */
const SHOWN = 60;

/** A value that MLflow cannot keep whole. */
interface LongParam {
  readonly key: string;
  readonly value: string;
}

export interface FreshParams {
  /** As MLflow is to keep them. */
  readonly params: Readonly<Record<string, string>>;
  readonly long: readonly LongParam[];
}

/** What MLflow has, or will have, of a run's params: it never changes one, and refuses good ones together with the one that would. */
export class ParamBook {
  readonly #complaints: Complaints;
  readonly #logged = new Map<string, string>();
  readonly #whole = new Map<string, string>();

  constructor(complaints: Complaints) {
    this.#complaints = complaints;
  }

  /** What others have logged: earlier attempts, or the command's own client. */
  learn(params: Readonly<Record<string, string>>): void {
    for (const [key, value] of Object.entries(params)) this.#logged.set(key, value);
  }

  /** Those that MLflow does not have yet. One that would change is complained of. */
  accept(params: Readonly<Record<string, string>>): FreshParams {
    const fresh: Record<string, string> = {};
    const long: LongParam[] = [];
    for (const [key, value] of Object.entries(params)) {
      const shown = shorten(key, value);
      const before = this.#whole.get(key) ?? this.#logged.get(key);
      if (before === undefined) {
        fresh[key] = shown;
        this.#logged.set(key, shown);
        if (shown !== value) long.push({ key, value });
      } else if (![value, shown, cutText(value, VALUE_LIMITS.params)].includes(before)) {
        this.#complain(key, before, value);
        continue;
      }
      this.#whole.set(key, value);
    }
    return { params: fresh, long };
  }

  #complain(key: string, before: string, value: string): void {
    const [old, other] = [before, value].map((text) => cutText(text, SHOWN));
    this.#complaints.add(
      "params",
      undefined,
      `"${key}" was logged as "${old}" before, and MLflow does not change it to "${other}"`,
    );
  }

  /** All, those that were shortened in their full length. */
  get all(): Readonly<Record<string, string>> {
    return { ...Object.fromEntries(this.#logged), ...Object.fromEntries(this.#whole) };
  }
}

/** The artifact that has a param's whole value. */
export function longParamPath(key: string): string {
  const name = key.replaceAll(/[^\w. -]/g, "_").slice(0, 100);
  return name === key ? `params/${key}.txt` : `params/${name}-${createHash("sha256").update(key).digest("hex").slice(0, 8)}.txt`;
}

function shorten(key: string, value: string): string {
  if (cutText(value, VALUE_LIMITS.params) === value) return value;
  const note = ` ... [shortened by stemma: the whole value is the artifact ${longParamPath(key)}]`;
  return `${cutText(value, VALUE_LIMITS.params - note.length)}${note}`;
}
