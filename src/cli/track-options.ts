import { InvalidArgumentError } from "@commander-js/extra-typings";

export function collectTag(text: string, tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const [, key = "", value = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === "") throw new InvalidArgumentError("A tag looks like key=value.");
  if (/^(stemma|pachyderm)\./.test(key))
    throw new InvalidArgumentError("Tags that begin with stemma. or pachyderm. are set by stemma alone.");
  return { ...tags, [key]: value };
}

export function collectText(text: string, texts: readonly string[]): readonly string[] {
  return [...texts, text];
}

/** A name that can be shown on one line. */
export function plainName(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("A name cannot be empty.");
  if (/\p{Cc}/u.test(text)) throw new InvalidArgumentError("A name cannot hold control characters.");
  return text;
}

export function runIdOption(text: string): string {
  if (!/^[0-9a-f]{32}$/.test(text)) throw new InvalidArgumentError("A run id has 32 hexadecimal digits.");
  return text;
}
