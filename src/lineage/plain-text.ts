/** Longer texts are cut: whole, they would hide what stands around them. */
const MOST_CHARACTERS = 300;
/** Characters by which a text could steer a terminal, or show itself in another order than it has. */
const STEERING = /[\p{Cc}\p{Zl}\p{Zp}\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** A text on one line, of bearable length, that leaves the terminal alone. */
export function plainText(text: string): string {
  const start = Array.from(text.slice(0, 2 * MOST_CHARACTERS))
    .slice(0, MOST_CHARACTERS)
    .join("");
  return escape(start) + (start.length < text.length ? `… (${text.length} characters)` : "");
}

function escape(text: string): string {
  return text.toWellFormed().replaceAll(STEERING, (character) => {
    const short = { "\n": String.raw`\n`, "\r": String.raw`\r`, "\t": String.raw`\t` }[character];
    return short ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
