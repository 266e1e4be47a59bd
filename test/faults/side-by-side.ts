/** Acts on all, `width` at a time and begun in their order; resolves to what came of each. */
export async function sideBySide<Item, Result>(
  items: Iterable<Item>,
  width: number,
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = Array.from(items).entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await act(item);
  };
  await Promise.all(Array.from({ length: width }, work));
  return results;
}
