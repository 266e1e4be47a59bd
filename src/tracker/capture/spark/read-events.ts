import { createReadStream } from "node:fs";
import { listSparkLogs, type SparkLog } from "./log-files.ts";
import { splitLines } from "./lines.ts";
import type { SparkSummary } from "./summary.ts";
import { SparkTally } from "./tally.ts";

/**
 * Sums up the event logs in a folder, one application after the other, in the order of their start. Logs are read line by line,
 * however large, and one that ends in the middle of a line (the application was killed) is read up to there. `redact` takes
 * secrets out of names and locations.
 */
export async function readSparkEvents(folder: string, redact: (text: string) => string): Promise<SparkSummary[]> {
  const summaries: SparkSummary[] = [];
  for (const log of await listSparkLogs(folder)) {
    const summary = await readSparkLog(log, redact);
    if (summary !== undefined) summaries.push(summary);
  }
  return summaries.sort((one, other) => Date.parse(one.startTime) - Date.parse(other.startTime));
}

async function readSparkLog({ files }: SparkLog, redact: (text: string) => string): Promise<SparkSummary | undefined> {
  const tally = new SparkTally(redact);
  for (const file of files) {
    for await (const line of splitLines(createReadStream(file))) tally.addLine(line);
  }
  return tally.summary();
}
