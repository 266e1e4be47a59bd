import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Environment } from "./services-here.ts";

/** Quits when all fits on the screen, keeps colours, and leaves the text on the screen. As git has it. */
const LESS = "FRX";

/** Shows a text in $PAGER, or less; as it is where there is neither. Resolves when the reader has left. */
export async function page(text: string, env: Environment): Promise<void> {
  const pager = env["PAGER"] ?? "less";
  if (pager === "" || pager === "cat" || env["TERM"] === "dumb") return void process.stdout.write(text);
  const child = spawn(pager, { shell: true, stdio: ["pipe", "inherit", "inherit"], env: { LESS, ...env } });
  // Whoever leaves before the end closes the pipe.
  child.stdin.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  child.stdin.end(text);
  const [code] = (await once(child, "close")) as [number | null];
  if (code === COMMAND_NOT_FOUND) process.stdout.write(text);
}

/** What a shell says of a program that it does not have. */
const COMMAND_NOT_FOUND = 127;
