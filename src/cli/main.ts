import { readFileSync } from "node:fs";
import { processContext } from "./process-context.ts";
import { runProgram } from "./program.ts";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };

// A pipe that closes early (`stemma ls … | head`) is no error of ours. Who has more to do than to print listens to SIGPIPE.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    if (!process.emit("SIGPIPE", "SIGPIPE")) process.exit(0);
  });
}
process.exitCode = await runProgram(processContext(manifest.version), process.argv.slice(2));
