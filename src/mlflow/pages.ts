import type { Fields } from "./fields.ts";

/** Follows `next_page_token` through an answer that comes in pages. */
export async function* listPages(fetchPage: (token: string | undefined) => Promise<Fields>): AsyncIterable<Fields> {
  let token: string | undefined;
  do {
    const page = await fetchPage(token);
    yield page;
    token = page.optionalText("next_page_token");
  } while (token !== undefined);
}
