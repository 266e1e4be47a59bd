import { Command } from "@commander-js/extra-typings";
import { StemmaError } from "../lineage/errors.ts";
import type { Context } from "./context.ts";

const PORT = "PPS_WORKER_GRPC_PORT";

const EXAMPLES = `
For the program of a pipeline with "datum_batching": true, which is started once and asks for one datum after the other. Prints the
datum's variables, which the program's own environment doesn't have, as a JSON object. Where there is no datum left it waits, and the
worker ends the program.

Example, a shell loop:
  error=
  while stemma next-datum --error "$error"; do
    error=; work --in /pfs/in --out /pfs/out || error="work failed"
  done`;

/** `stemma next-datum`: as `pachctl next datum`, in the engine's workers and in pachd's. */
export function nextDatumCommand(context: Context) {
  return new Command("next-datum")
    .description("Within a job: say how it went with the datum in /pfs, and wait for the next one")
    .option("--error <text>", "what went wrong with the datum before; nothing, if it went well", "")
    .addHelpText("after", EXAMPLES)
    .action(async ({ error }) => {
      const port = workerPort(context.env[PORT]);
      const { nextDatum } = await import("../pachyderm/next-datum.ts");
      const lines = await nextDatum(port, error, context.signal);
      context.out(`${JSON.stringify(Object.fromEntries(lines.map(toEntry)))}\n`);
    });
}

function workerPort(text: string | undefined): number {
  if (!text) {
    throw new StemmaError("USAGE", `${PORT} is not set;`, {
      hint: "this works in a job of a pipeline with datum_batching only, where Pachyderm sets it.",
    });
  }
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) throw new StemmaError("USAGE", `${PORT} is "${text}", which is no port.`);
  return port;
}

function toEntry(line: string): readonly [name: string, value: string] {
  const at = line.indexOf("=");
  return [line.slice(0, at), line.slice(at + 1)];
}
