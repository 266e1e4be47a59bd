import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { IndexWriter } from "../../src/lineage/store/index-writer.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import { trainingIndex } from "../lineage/training-index.ts";
import type { CommandResult } from "./terminal.ts";
import { stemma } from "./terminal.ts";

/** Runs a command on three days of training, from an index alone: there are no servers. */
export function askTraining(
  change: (writer: IndexWriter) => void = () => undefined,
): (...argv: readonly string[]) => Promise<CommandResult> {
  const cwd = mkdtempSync(join(tmpdir(), "stemma-training-"));
  afterAll(() => rmSync(cwd, { recursive: true }));
  const file = join(cwd, "index.db");
  using index = trainingIndex({ days: 3 });
  index.write((writer) => {
    // No job has datums of which a server would have to be asked.
    for (const { node } of index.records(["job"])) writer.setCursor(`expanded:${formatUrn(node)}`, "done");
    change(writer);
  });
  index.sqlite.exec(`VACUUM INTO '${file}'`);
  return (...argv) => stemma([...argv, "--no-sync"], { cwd, env: { STEMMA_INDEX: file } });
}

/** The parsed output of a command that prints JSON. */
export function parsed({ out }: CommandResult): Record<string, unknown> {
  return JSON.parse(out) as Record<string, unknown>;
}
