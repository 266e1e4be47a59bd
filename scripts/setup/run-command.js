import { spawn } from "node:child_process";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Runs the command in our place: same input and output, signals go to it, and its end is our end. */
export function runCommand(command, args, env) {
  const child = spawn(command, args, { stdio: "inherit", env });
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to both of us; a second one would cut its clean end short.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("error", (error) => {
    process.stderr.write(
      `setup: cannot run "${command}": ${error.code === "ENOENT" ? "there is no such command" : error.message}\n`,
    );
    process.exitCode = 127;
  });
  child.on("exit", (code, signal) => {
    for (const name of SIGNALS) process.removeAllListeners(name);
    if (signal === null) process.exitCode = code;
    else process.kill(process.pid, signal);
  });
}
