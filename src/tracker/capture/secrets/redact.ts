import type { Environment } from "../../ports.ts";
import { isPlaceholder, maskAssignments } from "./assignments.ts";
import { knownSecrets } from "./known-secrets.ts";
import { MASK } from "./mask.ts";
import { fitsPattern, looksSecret } from "./secret-names.ts";
import { maskShapes } from "./secret-shapes.ts";

export interface RedactorOptions {
  /** Values of variables with secret names are removed wherever they occur. */
  readonly env: Environment;
  /** More names that are secret, with `*` for anything. */
  readonly names?: readonly string[] | undefined;
}

/** What one rule leaves may be another's find. Twice is usual, and each pass leaves less to find. */
const MOST_PASSES = 8;
const MOST_JUDGED = 10_000;

/**
 * Removes secrets from what is written down of a command. It goes by names (`password=…`), by the look of known keys, and by the
 * values of the environment's secrets. What it returns it leaves alone when it gets it again.
 */
export class Redactor {
  readonly #names: readonly string[];
  readonly #known: RegExp | undefined;
  readonly #isSecretName = (name: string): boolean => this.isSecretName(name);
  /** A log has few names, each many times. */
  readonly #judged = new Map<string, boolean>();

  constructor({ env, names = [] }: RedactorOptions) {
    this.#names = names;
    const secrets = knownSecrets(env, this.#isSecretName);
    this.#known = secrets.length === 0 ? undefined : new RegExp(secrets.map(escapeForPattern).join("|"), "g");
  }

  /** Whether the value of something of this name is to be hidden. */
  isSecretName(name: string): boolean {
    const judged = this.#judged.get(name);
    if (judged !== undefined) return judged;
    const isSecret = looksSecret(name) || this.#names.some((pattern) => fitsPattern(name, pattern));
    if (this.#judged.size === MOST_JUDGED) this.#judged.clear();
    this.#judged.set(name, isSecret);
    return isSecret;
  }

  /** A free text, such as a log or a diff. It keeps its number of lines. */
  text(text: string): string {
    let before = text;
    for (let pass = 0; pass < MOST_PASSES; pass += 1) {
      const after = this.#once(before);
      if (after === before) return after;
      before = after;
    }
    return before;
  }

  /** An address: without its password and its secret parameters. */
  url(text: string): string {
    return this.text(text);
  }

  /** The words of a command. */
  argv(words: readonly string[]): string[] {
    return words.map((word, index) => this.#word(word, words.slice(0, index)));
  }

  /** Values by their names, such as params or variables. */
  pairs(record: Readonly<Record<string, string>>): Record<string, string> {
    const entries = Object.entries(record);
    return Object.fromEntries(entries.map(([name, value]) => [name, this.#isSecretName(name) ? hide(value) : this.text(value)]));
  }

  #once(text: string): string {
    const masked = maskShapes(maskAssignments(text, this.#isSecretName));
    return this.#known === undefined ? masked : masked.replace(this.#known, MASK);
  }

  #word(word: string, before: readonly string[]): string {
    const option = before.at(-1) ?? "";
    const isValue = option.startsWith("-") && !option.includes("=") && !word.startsWith("-");
    if (isValue && this.isSecretName(option)) return hide(word);
    if (isValue && /^(?:-u|--user|--proxy-user)$/.test(option) && before.some(isCurl)) return word.replace(/:[^]+$/, `:${MASK}`);
    // A shell's script has more than one assignment.
    if (isValue && /^-[a-z]*c$/.test(option) && before.some(isShell)) return this.text(word);
    return this.#assignment(word) ?? this.text(word);
  }

  /** `--conf=spark.password=x` is one name after another: the first that is secret hides all that follows. */
  #assignment(word: string): string | undefined {
    const parts = word.split("=");
    const index = parts.findIndex((part, index) => index < parts.length - 1 && this.#isNamedSecret(part));
    if (index < 0) return undefined;
    const name = this.text(parts.slice(0, index + 1).join("="));
    return `${name}=${hide(parts.slice(index + 1).join("="))}`;
  }

  #isNamedSecret(part: string): boolean {
    return /^[\w.-]{1,200}$/.test(part) && this.isSecretName(part);
  }
}

function isCurl(word: string): boolean {
  return /(?:^|\/)curl$/.test(word);
}

function isShell(word: string): boolean {
  return /(?:^|\/)[a-z]*sh$/.test(word);
}

function hide(value: string): string {
  return isPlaceholder(value) ? value : MASK;
}

function escapeForPattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
