import { createHash, randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type RunCard, RUN_CARD_SCHEMA, sealCard } from "../../../src/tracker/card/run-card.ts";
import type { Item, StoredFile } from "../../../src/tracker/delivery/items.ts";
import { OUTBOX_SCHEMA, type OutboxHeader } from "../../../src/tracker/delivery/outbox.ts";
import { newExperiment } from "../../mlflow/fixtures.ts";
import { makeFolder } from "../harness.ts";

export const STARTED = new Date("2026-01-02T03:04:05.006Z");
export const ENDED = new Date("2026-01-02T03:05:00.007Z");

/** Of a command that FAILED while MLflow was away all the time, unless told otherwise. */
export function sampleHeader(more: Partial<Omit<OutboxHeader, "card">> = {}): OutboxHeader {
  const header = {
    schema: OUTBOX_SCHEMA,
    key: randomUUID(),
    session: randomUUID(),
    experiment: newExperiment(),
    runName: "tree",
    trackingUri: "http://127.0.0.1:5000",
    host: "node-1",
    pid: 7,
    startTime: STARTED.toISOString(),
    endTime: ENDED.toISOString(),
    status: "FAILED",
    exitCode: 3,
    how: "exit code 3",
    isEnded: false,
    tags: { team: "größer 😀", "mlflow.user": "tester" },
    reasons: ["connection refused"],
    dropped: {},
    ...more,
  } as const;
  return { ...header, card: sampleCard(header).digest };
}

/** The card that goes with it. */
export function sampleCard({
  experiment,
  key,
  runName,
  trackingUri,
  status,
  exitCode,
  tags,
}: Omit<OutboxHeader, "card">): RunCard {
  return sealCard({
    schema: RUN_CARD_SCHEMA,
    experimentName: experiment,
    runName,
    trackingUri,
    key,
    attempt: 1,
    attempts: [],
    status,
    exitCode,
    startTime: STARTED.toISOString(),
    endTime: ENDED.toISOString(),
    command: ["sh"],
    code: {},
    environment: {
      host: { name: "node-1", os: "Linux", kernel: "6.1", arch: "x64", cpus: 1, memoryBytes: 1 },
      versions: {},
      lockFiles: [],
    },
    tags,
    params: {},
    metrics: {},
    datasets: [],
    artifacts: [],
    models: [],
    children: [],
    undelivered: {},
  });
}

/** A file with these bytes, as an artifact of the path. */
export async function storeFile(path: string, text: string): Promise<StoredFile> {
  const at = join(await makeFolder(), path);
  await mkdir(dirname(at), { recursive: true });
  await writeFile(at, text);
  return { path, sizeBytes: Buffer.byteLength(text), sha256: createHash("sha256").update(text).digest("hex"), at };
}

/** An item of each kind. */
export async function sampleItems(): Promise<readonly Item[]> {
  const model = [await storeFile("MLmodel", "flavors: {}\n"), await storeFile("data/part-0", "tree")];
  return [
    { kind: "params", params: { maxDepth: "5", note: "größer" } },
    {
      kind: "metrics",
      metrics: [
        ["loss", 0.5, 1, STARTED.getTime()],
        ["loss", "NaN", 2, STARTED.getTime() + 1],
        ["gain", "Infinity", 0, STARTED.getTime()],
      ],
    },
    { kind: "tags", tags: { stage: "trial" } },
    {
      kind: "inputs",
      datasets: [{ name: "etl", digest: "a".repeat(32), sourceType: "pachyderm", source: "{}", context: "training" }],
    },
    { kind: "artifact", file: await storeFile("plots/a b.txt", "one") },
    { kind: "artifact", file: await storeFile("copy.txt", "one") },
    { kind: "artifact", file: await storeFile("empty", "") },
    { kind: "model", name: "model", digest: "f".repeat(64), files: model },
  ];
}
