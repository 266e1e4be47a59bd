import { StemmaError } from "../lineage/errors.ts";

/** Questions to one server. One that cannot be reached is not tried again: every try may last a time-out. */
export class Remote {
  #unreachable: StemmaError | undefined;

  async ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    if (this.#unreachable !== undefined) throw this.#unreachable;
    try {
      return await question();
    } catch (error) {
      if (error instanceof StemmaError && error.code === "UNREACHABLE") this.#unreachable ??= error;
      throw error;
    }
  }
}

export async function listAll<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}
