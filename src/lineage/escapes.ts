import { StemmaError } from "./errors.ts";

/** Percent-encodes a name for a URN. */
export function encodeName(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** Percent-encodes a path's parts and keeps its slashes. */
export function encodePath(path: string): string {
  return path.split("/").map(encodeName).join("/");
}

/** The inverse of both. `whole` is what the user wrote, for the message. Throws USAGE. */
export function decodeEscapes(text: string, whole: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new StemmaError("USAGE", `"${whole}" has a % that begins no code of a character.`, {
      hint: "Write % itself as %25.",
      cause,
    });
  }
}
