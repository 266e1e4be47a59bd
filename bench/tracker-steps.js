// A command that runs a minute and reports a metric every 10 ms: FOLDER, STEPS, FILE for its time in milliseconds. Plain
// JavaScript, so that it starts at once.
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const [folder, steps, timeFile] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const file = join(folder, "metrics.jsonl");
const startedAt = performance.now();
for (let step = 0; step < Number(steps); step += 1) {
  await pause(10);
  appendFileSync(file, `${JSON.stringify({ key: "loss", value: 1 / (step + 1), step, time: Date.now() })}\n`);
}
writeFileSync(timeFile, String(performance.now() - startedAt));
