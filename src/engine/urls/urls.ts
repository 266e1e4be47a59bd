import { StemmaError } from "../../lineage/errors.ts";
import type { FileNode } from "../files/file-set.ts";
import { Fault, refused, unimplemented } from "../fault.ts";
import type { EngineState } from "../state.ts";
import { type UrlAccess, type UrlScheme, type UrlSource, type UrlTarget, parseUrl, requireAllowed, shown } from "./access.ts";

const SCHEMES: Readonly<Record<string, () => Promise<UrlScheme>>> = {
  "file:": async () => (await import("./file.ts")).FILE_URLS,
  "http:": async () => (await import("./http.ts")).HTTP_URLS,
  "https:": async () => (await import("./http.ts")).HTTP_URLS,
  "s3:": async () => (await import("./s3.ts")).S3_URLS,
};

/** Allows URLs by their beginnings. Throws USAGE where one is no beginning of a URL that the engine knows. */
export function allowUrls(prefixes: readonly string[], env: UrlAccess["env"]): UrlAccess {
  for (const prefix of prefixes) {
    try {
      loaderOf(parseUrl(prefix));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      throw new StemmaError("USAGE", `--allow-url ${prefix}: ${error.message}.`, {
        hint: "It looks like file:///data or s3://bucket.",
      });
    }
  }
  return { prefixes, env };
}

/** What a URL stands for. Throws before it asks anybody where the URL is not allowed. */
export async function* readUrl(access: UrlAccess, text: string, recursive: boolean): AsyncIterableIterator<UrlSource> {
  const url = requireAllowed(access, text);
  const scheme = await loaderOf(url)();
  yield* scheme.read(url, access, recursive);
}

/**
 * Writes files below a URL, each at its own path, and answers how many bytes. What is written before a failure stays. Whoever
 * calls holds the tree that the files are from (content-store.ts).
 */
export async function writeToUrl(
  state: EngineState,
  files: Iterable<FileNode>,
  text: string,
  access: UrlAccess,
): Promise<number> {
  const url = requireAllowed(access, text);
  const scheme = await loaderOf(url)();
  if (scheme.write === undefined) throw refused(`files cannot be written to ${shown(url)}: only to file: and s3: URLs`);
  let bytes = 0;
  function* targets(): IterableIterator<UrlTarget> {
    for (const { path, content } of files) {
      if (content === undefined) continue;
      bytes += content.bytes;
      yield { name: path.slice(1), bytes: content.bytes, content: () => state.content.read(content) };
    }
  }
  await scheme.write(url, access, targets());
  return bytes;
}

function loaderOf(url: URL): () => Promise<UrlScheme> {
  const load = SCHEMES[url.protocol];
  if (load === undefined)
    throw unimplemented(`the embedded engine knows file:, http:, https: and s3: URLs, and not ${url.protocol}`);
  return load;
}
