/** How far a list was read: the newest thing of it that was seen, and when that was made (milliseconds since 1970). */
export interface Mark {
  readonly id: string;
  readonly time: number;
}

/** A list of a server: the newest few, or all after a time, oldest first. */
export interface ServerList<Item> {
  readonly newest: (number: number) => AsyncIterable<Item>;
  readonly after: (time: Date | undefined) => AsyncIterable<Item>;
  readonly markOf: (item: Item) => Mark;
}

/** So many are asked for first: mostly there are fewer new ones. */
const FEW = 32;

/** A list is in the order of a server's own count; the clocks of several servers may differ by less than this. */
const CLOCKS_DIFFER_MS = 60_000;

/**
 * What came to a list after a mark, oldest first, so that it may be noted bit by bit and the mark moved along. Things just
 * before the mark may be among it. Asking for the newest first costs no more than what is new, however long the list is.
 */
export async function* newItems<Item>(list: ServerList<Item>, mark: Mark | undefined): AsyncIterable<Item> {
  if (mark !== undefined) {
    const few = await newestDownTo(list, mark);
    if (few !== undefined) {
      yield* few.toReversed();
      return;
    }
  }
  yield* list.after(mark === undefined ? undefined : new Date(mark.time - CLOCKS_DIFFER_MS));
}

/** The newest items until the mark, newest first; undefined when there are many. What the mark names may be gone. */
async function newestDownTo<Item>({ newest, markOf }: ServerList<Item>, mark: Mark): Promise<readonly Item[] | undefined> {
  const found: Item[] = [];
  for await (const item of newest(FEW)) {
    const { id, time } = markOf(item);
    if (id === mark.id || time < mark.time - CLOCKS_DIFFER_MS) return found;
    found.push(item);
  }
  return found.length < FEW ? found : undefined;
}
