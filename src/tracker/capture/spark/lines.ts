const NEWLINE = 0x0a;

/** Plans of thousands of columns are some MB long. Nothing in a log needs more, and memory stays within it. */
const LONGEST_LINE_BYTES = 32 * 2 ** 20;

/**
 * The lines of a text, in order and without their line breaks; undefined in place of one that is too long. A last line counts
 * without a line break, too.
 */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  longestBytes = LONGEST_LINE_BYTES,
): AsyncGenerator<string | undefined> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  const take = (end: Buffer): string | undefined => {
    const isTooLong = begunBytes + end.length > longestBytes;
    const line = isTooLong ? undefined : Buffer.concat([...begun, end]).toString("utf8");
    begun = [];
    begunBytes = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      yield take(chunk.subarray(from, at));
      from = at + 1;
    }
    const rest = chunk.subarray(from);
    begunBytes += rest.length;
    // Of a line that is too long, only its length goes on to be kept.
    if (begunBytes > longestBytes) begun = [];
    else begun.push(rest);
  }
  if (begunBytes > 0) yield take(Buffer.alloc(0));
}
