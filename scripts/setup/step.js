import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";

/** Something that the user can put right: shown as one line, without a stack. */
export class SetupError extends Error {}

const TAIL_LINES = 12;
const LINE_EVERY_MS = process.stderr.isTTY ? 1000 : 10_000;

/**
 * Runs one command of the installation, showing its title, the seconds so far and its latest line. Its whole output goes to
 * `log` if there is one; the end of it is shown when it fails.
 */
export async function runStep(title, command, args, { cwd, env, log } = {}) {
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  const tail = [];
  show(`${title} …`);
  const ticker = setInterval(() => show(`${title}, ${seconds()} s${detail(tail.at(-1))}`), LINE_EVERY_MS);
  try {
    await run(command, args, { cwd, env }, (text) => {
      if (log !== undefined) appendFileSync(log, text);
      tail.push(...text.split(/\r?\n|\r/).filter((line) => line.trim() !== ""));
      tail.splice(0, Math.max(0, tail.length - TAIL_LINES));
    });
  } catch (error) {
    clearProgress();
    if (error instanceof SetupError) process.stderr.write(tail.map((line) => `  ${line}\n`).join(""));
    throw error;
  } finally {
    clearInterval(ticker);
  }
  clearProgress();
  process.stderr.write(`setup: ${title}, done in ${seconds()} s\n`);
}

/** Resolves when the command ends well. A signal to us goes to it too, and then ends us. */
function run(command, args, options, onOutput) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    const stop = (signal) => {
      child.kill(signal);
      child.once("close", () => process.exit(signal === "SIGINT" ? 130 : 143));
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);
    child.stdout.setEncoding("utf8").on("data", onOutput);
    child.stderr.setEncoding("utf8").on("data", onOutput);
    child.on("error", (error) =>
      reject(error.code === "ENOENT" ? new SetupError(`"${command}" is not on PATH; install it and start again.`) : error),
    );
    child.on("close", (code) => {
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.off(signal, stop);
      if (code === 0) resolve();
      else reject(new SetupError(`"${command} ${args.slice(0, 3).join(" ")}" ended with ${code}; the lines above say why.`));
    });
  });
}

function show(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[Ksetup: ${text.slice(0, (process.stderr.columns ?? 80) - 8)}`);
  else process.stderr.write(`setup: ${text}\n`);
}

function clearProgress() {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
}

function detail(line) {
  return line === undefined ? "" : `: ${line.trim().slice(0, 90)}`;
}
