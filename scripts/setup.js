// Makes a clone ready, then runs a command in it: `node scripts/setup.js [--test] COMMAND args…`. Plain JavaScript with nothing
// but Node's own modules, because it runs before node_modules exists, and on any Node from 20 on.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureNodePackages } from "./setup/node-packages.js";
import { ensurePythonPackages } from "./setup/python-packages.js";
import { readyEnvironment } from "./setup/environment.js";
import { runCommand } from "./setup/run-command.js";
import { SetupError } from "./setup/step.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const withTests = process.argv[2] === "--test";
const [command, ...args] = process.argv.slice(withTests ? 3 : 2);

try {
  if (command === undefined) throw new SetupError("usage: node scripts/setup.js [--test] COMMAND [arguments]");
  await ensureNodePackages(root);
  await ensurePythonPackages(root, withTests);
  runCommand(command, args, readyEnvironment(root, process.env));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`setup: ${error.message}\n`);
  process.exitCode = 1;
}
