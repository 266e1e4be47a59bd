import { readFileSync } from "node:fs";
import { processContext } from "./process-context.ts";
import { runProgram } from "./program.ts";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };

// A pipe that closes early (`stemma ls … | head`) is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});
process.exitCode = await runProgram(processContext(), process.argv.slice(2), manifest.version);
