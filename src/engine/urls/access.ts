import { fileURLToPath } from "node:url";
import { invalid, refused } from "../fault.ts";

/** Which URLs the engine may read from and write to: those that begin with one of these, and no others. */
export interface UrlAccess {
  /** `file:///data`, `https://example.org/sets/`, `s3://bucket/prefix` … */
  readonly prefixes: readonly string[];
  /** The engine's environment: where S3 is, and the keys to it (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL …). */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One thing that a URL stands for. */
export interface UrlSource {
  /** Where it lies below the URL: empty for the thing that the URL names itself. */
  readonly name: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** What can be done with URLs of one kind. */
export interface UrlScheme {
  /** With `recursive`, all that lies below a folder or begins with a key. The sources are to be read in their order. */
  read(url: URL, access: UrlAccess, recursive: boolean): AsyncIterable<UrlSource>;
  /** Writes each file where its path is below the URL, over what is there. */
  write?(url: URL, access: UrlAccess, files: Iterable<UrlTarget>): Promise<void>;
}

/** A file to be written somewhere. */
export interface UrlTarget {
  /** Relative, with slashes. */
  readonly name: string;
  readonly bytes: number;
  readonly content: () => AsyncIterable<Uint8Array>;
}

/** The URL, if it is one and is allowed. */
export function requireAllowed(access: UrlAccess, text: string): URL {
  const url = parseUrl(text);
  if (access.prefixes.some((prefix) => isBelow(url, parseUrl(prefix)))) return url;
  throw refused(`the engine may not use ${shown(url)}: start it with --allow-url and a beginning of that URL to allow it`);
}

/** Throws where a text is no URL, or one that may mean something else to whoever gets it than to the check of its beginning. */
export function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw invalid(`"${text}" is no URL`);
  if (url.username !== "" || url.password !== "") throw invalid(`the URL ${shown(url)} may not hold a name or a password`);
  if (/%(2f|5c|00)/i.test(url.pathname)) throw invalid(`the URL ${shown(url)} may not hold an encoded slash`);
  if (url.protocol === "file:" && url.host !== "")
    throw invalid(`the URL ${shown(url)} may not name a machine: it looks like file:///data`);
  return url;
}

/** Paths end at a slash or at their end: `/data` allows `/data/x`, and not `/database`. */
function isBelow(url: URL, prefix: URL): boolean {
  if (url.protocol !== prefix.protocol || url.host !== prefix.host) return false;
  const [path, allowed] = [pathOf(url), pathOf(prefix)];
  return path === allowed || path.startsWith(allowed.endsWith("/") ? allowed : `${allowed}/`);
}

function pathOf(url: URL): string {
  return url.protocol === "file:" ? fileURLToPath(url) : url.pathname || "/";
}

/** A URL as errors and logs may show it: without what may be secret in it. */
export function shown(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
