import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "./random.ts";

export interface Point {
  readonly step: number;
  readonly value: number;
  readonly timeMs: number;
}

/** What one command reports, and how it ends. */
export interface Plan {
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** A metric that is reported with step and time. */
  readonly loss: readonly Point[];
  /** The values of a metric that is reported with neither. */
  readonly load: readonly number[];
  /** Text by path. */
  readonly artifacts: Readonly<Record<string, string>>;
  readonly exitCode: 0 | 3;
  /** How long it works between the two halves of its report. */
  readonly pauseSeconds: number;
}

const FIRST_TIME_MS = Date.UTC(2026, 0, 1);

export function drawPlan(random: Random): Plan {
  const word = (): string => random.below(2 ** 32).toString(36);
  const points = 10 + random.below(90);
  return {
    params: Object.fromEntries(Array.from({ length: 1 + random.below(5) }, (_, number) => [`param ${number}`, word()])),
    tags: { team: word() },
    loss: Array.from({ length: points }, (_, step) => ({
      step,
      value: random.below(1000) / 8,
      timeMs: FIRST_TIME_MS + 1000 * step,
    })),
    load: Array.from({ length: 10 + random.below(90) }, () => random.below(1000)),
    artifacts: { "model/part-0": word().repeat(1 + random.below(3000)), "notes.txt": word() },
    exitCode: random.chance(0.2) ? 3 : 0,
    pauseSeconds: random.below(12) / 10,
  };
}

/** A shell command that reports what the plan says: the rest of it after `wait`. */
export async function scriptOf(plan: Plan, folder: string, wait = `sleep ${plan.pauseSeconds}`): Promise<string> {
  const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
  await mkdir(join(folder, "artifacts", "model"), { recursive: true });
  for (const [path, text] of Object.entries(plan.artifacts)) await write(join("artifacts", path), text);
  await write("params.json", JSON.stringify(plan.params));
  await write("tags.json", JSON.stringify(plan.tags));
  const half = Math.floor(plan.loss.length / 2);
  await write("metrics.1", lossLines(plan.loss.slice(0, half)));
  await write("metrics.2", lossLines(plan.loss.slice(half)) + loadLines(plan.load));
  return `
    cd ${folder}
    cp params.json $STEMMA_REPORT; cat metrics.1 >> $STEMMA_REPORT/metrics.jsonl
    ${wait}
    cat metrics.2 >> $STEMMA_REPORT/metrics.jsonl; cp tags.json $STEMMA_REPORT; cp -r artifacts/* $STEMMA_ARTIFACTS
    exit ${plan.exitCode}`;
}

/** The beginning of the same command, which then works until it is killed. */
export function unfinishedScript(folder: string): string {
  return `cp ${folder}/params.json $STEMMA_REPORT; cat ${folder}/metrics.1 >> $STEMMA_REPORT/metrics.jsonl; echo ready; sleep 600`;
}

function lossLines(points: readonly Point[]): string {
  return points.map(({ step, value, timeMs }) => `${JSON.stringify({ key: "loss", value, step, time: timeMs })}\n`).join("");
}

function loadLines(values: readonly number[]): string {
  return values.map((value) => `${JSON.stringify({ key: "load", value })}\n`).join("");
}
