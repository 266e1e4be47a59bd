import { setFlagsFromString } from "node:v8";
import { Command } from "@commander-js/extra-typings";
import { requireFreePort } from "../local/ports.ts";
import { parseListenAddress, requireProtection } from "../engine/access.ts";
import type { Context } from "./context.ts";
import { readAccess } from "./engine-access.ts";
import { chooseS3Listen } from "./s3-listen.ts";

/** `stemma engine`: the engine alone, in the foreground. */
export function engineCommand(context: Context) {
  return new Command("engine")
    .description("Run the engine, a local Pachyderm, in the foreground")
    .option("--listen <host:port>", "where clients connect; port 0 takes a free one", "127.0.0.1:30650")
    .option("--s3-listen <host:port>", "where the S3 gateway listens, or off (default: 127.0.0.1:30600, unless that is taken)")
    .requiredOption("--home <folder>", "where it keeps its data; made if it is missing")
    .option("--workdir <folder>", "where the commands of pipelines run (default: this folder)")
    .option("--token-file <file>", "holds the token that clients must send, as PACH_TOKEN or pachctl's session_token")
    .option("--tls-cert <file>", "the certificate (PEM) by which clients know the engine; they then use grpcs://")
    .option("--tls-key <file>", "the certificate's private key (PEM)")
    .option(
      "--allow-url <prefix...>",
      "lets clients and pipelines read and write URLs that begin so (file:, http:, https:, s3:); may be given again (default: none)",
    )
    .addHelpText(
      "after",
      `
Ends cleanly on Ctrl-C and SIGTERM. Logs to stderr. Who uses the engine can run commands here: to listen where other machines
reach it, it needs a token and TLS. S3 clients send the token as their access key and as their secret key.

Examples:
  stemma engine --home ./engine
  stemma engine --listen 127.0.0.1:0 --home /tmp/engine --workdir .
  stemma engine --home ./engine --allow-url file:///data --allow-url s3://bucket/results
  stemma engine --listen 0.0.0.0:30650 --home ./engine --token-file token --tls-cert cert.pem --tls-key key.pem`,
    )
    .action(async ({ listen, s3Listen, home, workdir = context.cwd, allowUrl: allowUrls, ...files }) => {
      const { host, port } = parseListenAddress(listen);
      const access = readAccess(files);
      requireProtection(host, access);
      await requireFreePort(host, port, "give another with --listen HOST:PORT");
      keepHeapSmall();
      const { startEngine } = await import("../engine/server.ts");
      const log = (line: string): void => context.err(`${line}\n`);
      const s3 = await chooseS3Listen(s3Listen, log);
      const engine = await startEngine({ home, listen, s3Listen: s3, access, workdir, allowUrls, env: context.env, log });
      await untilAborted(context.signal);
      await engine.close();
      log("ended");
    });
}

function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}

/**
 * Node lets its heap grow to several times of what lives in it, as long as the machine has memory; a service in the
 * background should not. Measured: half the memory, in about the same time (npm run bench -- engine).
 */
function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=20");
}
