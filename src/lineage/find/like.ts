/**
 * Whether a text is like a pattern of SQL: `%` stands for any text, `_` for one character. Takes at most as many steps as the
 * product of both lengths.
 */
export function isLike(text: string, pattern: string): boolean {
  const [letters, wanted] = [Array.from(text), Array.from(pattern)];
  let [at, mark, star, from] = [0, 0, -1, 0];
  while (at < letters.length) {
    if (wanted[mark] === "%") {
      [star, from] = [mark, at];
      mark += 1;
    } else if (wanted[mark] === "_" || (mark < wanted.length && wanted[mark] === letters[at])) {
      at += 1;
      mark += 1;
    } else if (star === -1) return false;
    else {
      // The last % takes one more character.
      from += 1;
      [at, mark] = [from, star + 1];
    }
  }
  return wanted.slice(mark).every((each) => each === "%");
}
