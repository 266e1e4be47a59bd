import { refused } from "../fault.ts";
import { type UrlAccess, type UrlScheme, type UrlSource, requireAllowed, shown } from "./access.ts";

const MOST_REDIRECTS = 10;

/** What web servers give. There is nothing below a web page, so `recursive` means nothing, as in pachd. */
export const HTTP_URLS: UrlScheme = {
  async *read(url: URL, access: UrlAccess): AsyncIterableIterator<UrlSource> {
    const response = await get(url, access);
    yield { name: "", content: response.body ?? noBytes() };
  },
};

/** Goes where it is sent, but only as far as that is allowed too. */
async function get(start: URL, access: UrlAccess): Promise<Response> {
  let url = start;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    const response = await fetch(url, { redirect: "manual" }).catch((error: Error) => {
      throw refused(`error retrieving content from "${shown(url)}": ${reasonOf(error)}`);
    });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || location === null) return requireSuccess(response, url);
    await response.body?.cancel();
    url = requireAllowed(access, new URL(location, url).href);
  }
  throw refused(`error retrieving content from "${shown(start)}": more than ${MOST_REDIRECTS} redirects`);
}

async function requireSuccess(response: Response, url: URL): Promise<Response> {
  if (response.ok) return response;
  await response.body?.cancel();
  throw refused(`error retrieving content from "${shown(url)}": ${response.status} ${response.statusText}`);
}

/** fetch says only "fetch failed", and why in the cause. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function* noBytes(): AsyncIterableIterator<Uint8Array> {
  // An answer such as 204 has no body.
}
