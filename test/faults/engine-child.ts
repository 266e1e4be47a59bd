// An engine in a process of its own, started by engine-process.ts: loads all its code, then waits to be told its home. Told
// again, it starts again.
import { flushCompileCache } from "node:module";
import { createInterface } from "node:readline";
import { type RunningEngine, startEngine } from "../../src/engine/server.ts";

// Who is killed writes none.
flushCompileCache();
process.stdout.write("loaded\n");
let engine: RunningEngine | undefined;
const log = (line: string): void => void process.stderr.write(`${line}\n`);
for await (const home of createInterface({ input: process.stdin })) {
  await engine?.close();
  engine = await startEngine({ home, listen: "127.0.0.1:0", workdir: process.cwd(), env: process.env, log });
  process.stdout.write(`${engine.address}\n`);
}
// The test is gone.
process.exit();
