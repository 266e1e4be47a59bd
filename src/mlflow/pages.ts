/** Follows `next_page_token` through an answer that comes in pages. */
export async function* listPages<Page extends { readonly next_page_token?: string }>(
  fetchPage: (token: string | undefined) => Promise<Page>,
): AsyncIterable<Page> {
  let token: string | undefined;
  do {
    const page = await fetchPage(token);
    yield page;
    token = page.next_page_token;
  } while (token !== undefined && token !== "");
}
