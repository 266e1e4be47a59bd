#!/usr/bin/env node
// The launcher: plain JavaScript, so that any Node can start it. It picks the source (in a clone, run by type stripping) or
// the compiled code (in a package), and a Node that is new enough: this one, or the one that the npm package "node" brings.
import { existsSync } from "node:fs";
import * as module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "src", "cli", "main.ts");
const main = existsSync(source) ? source : join(root, "dist", "cli", "main.js");
const NEEDED = 24; // for node:sqlite, type stripping and "using" without a flag

if (Number(process.versions.node.split(".")[0]) >= NEEDED) {
  module.enableCompileCache(existsSync(source) ? join(root, "node_modules", ".cache", "compile") : undefined);
  await import(main);
} else {
  const node = bundledNode();
  if (node === undefined) {
    process.stderr.write(
      `stemma: needs Node ${NEEDED} or newer, and this is ${process.version}; install one, or "npm install node@${NEEDED}" beside stemma.\n`,
    );
    process.exit(2);
  }
  const { spawn } = await import("node:child_process");
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => (signal ? process.kill(process.pid, signal) : process.exit(code ?? 1)));
}

/** The binary of the npm package "node", or undefined where its install script has not run. */
function bundledNode() {
  try {
    const home = dirname(module.createRequire(import.meta.url).resolve("node/package.json"));
    const binary = join(home, "bin", process.platform === "win32" ? "node.exe" : "node");
    return existsSync(binary) ? binary : undefined;
  } catch (error) {
    if (error.code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}
