import { Command } from "@commander-js/extra-typings";
import { StemmaError } from "../lineage/errors.ts";
import { requireFreePort } from "../local/ports.ts";
import type { Context } from "./context.ts";

/** `stemma engine`: the engine alone, in the foreground. */
export function engineCommand(context: Context) {
  return new Command("engine")
    .description("Run the engine, a local Pachyderm, in the foreground")
    .option("--listen <host:port>", "where clients connect; port 0 takes a free one", "127.0.0.1:30650")
    .requiredOption("--home <folder>", "where it keeps its data; made if it is missing")
    .option("--workdir <folder>", "where the commands of pipelines run (default: this folder)")
    .addHelpText(
      "after",
      `
Ends cleanly on Ctrl-C and SIGTERM. Logs to stderr.

Examples:
  stemma engine --home ./engine
  stemma engine --listen 127.0.0.1:0 --home /tmp/engine --workdir .`,
    )
    .action(async ({ listen, home, workdir = context.cwd }) => {
      const { host, port } = parseLoopback(listen);
      await requireFreePort(host, port, "give another with --listen HOST:PORT");
      const { startEngine } = await import("../engine/server.ts");
      const log = (line: string): void => context.err(`${line}\n`);
      const engine = await startEngine({ home, listen, workdir, env: context.env, log });
      await untilAborted(context.signal);
      await engine.close();
      log("ended");
    });
}

/** Anything but this machine's loopback would let the whole network run commands here. */
function parseLoopback(address: string): { readonly host: string; readonly port: number } {
  const [, host = "", port = ""] = /^(.+):(\d{1,5})$/.exec(address) ?? [];
  if (port === "") throw new StemmaError("USAGE", `"${address}" is no address to listen at; it looks like 127.0.0.1:30650.`);
  if (/^(127(\.\d{1,3}){3}|localhost)$/.test(host)) return { host, port: Number(port) };
  throw new StemmaError("USAGE", `the engine has no access control yet, so it listens on this machine only: not on ${host}.`, {
    hint: `Use --listen 127.0.0.1:${port}, and a tunnel to reach it from elsewhere.`,
  });
}

function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}
