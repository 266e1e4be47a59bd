import { randomUUID } from "node:crypto";

/** A name that no other test of the shared server uses. */
export function newExperiment(): string {
  return `test-${randomUUID()}`;
}

export async function listOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}
