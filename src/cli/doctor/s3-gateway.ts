import { USUAL_S3_PORT } from "../../local/ports.ts";
import type { Finding } from "./finding.ts";

const WHAT = "S3 gateway";
const ANSWER_LIMIT_MS = 5_000;

/** Where the S3 gateway of a Pachyderm usually is. Undefined for one that is reached by a socket. */
export function usualGateway(pachyderm: string): string | undefined {
  const { scheme, host } = /^(?:(?<scheme>[a-z]+):\/\/)?(?<host>\[[^\]]+\]|[^:/]+)/.exec(pachyderm)?.groups ?? {};
  if (host === undefined || pachyderm.startsWith("unix:")) return undefined;
  return `${scheme === "grpcs" || scheme === "https" ? "https" : "http"}://${host}:${USUAL_S3_PORT}`;
}

/** Whether something that speaks S3 is there. Only S3 clients, and artifacts that are kept in Pachyderm, need it. */
export async function checkGateway(url: string | undefined): Promise<Finding> {
  if (url === undefined) return warning("its address is not known");
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
    const text = await answer.text();
    // A list of buckets, or, to somebody without a signature, a refusal in S3's own form.
    if (/<ListAllMyBucketsResult|<Error>\s*<Code>/.test(text)) return { state: "ok", what: WHAT, detail: `answers at ${url}` };
    return warning(`what answers at ${url} does not speak S3`);
  } catch (error) {
    // fetch rejects with a TypeError when nobody listens, and with a TimeoutError when nobody answers.
    if (error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError"))
      return warning(`nothing answers at ${url}`);
    throw error;
  }
}

function warning(detail: string): Finding {
  const advice = "S3 clients, and artifacts in Pachyderm, need it: say where it is with --s3 URL.";
  return { state: "warn", what: WHAT, detail, advice };
}
