import { headline } from "../describe.ts";
import { concludingLines } from "../draw/words.ts";
import type { DrawOptions } from "./draw-options.ts";
import type { Difference } from "./difference.ts";
import { differs } from "./difference.ts";
import { dataLines } from "./draw-files.ts";
import { metricLines, valueLines } from "./draw-values.ts";

/** A difference for people, part by part: the causes first. Parts in which nothing differs are left out. */
export function drawDifference(difference: Difference, options: DrawOptions): string {
  const { before, after, data, datasets, gaps } = difference;
  const parts: ReadonlyArray<readonly [title: string, lines: readonly string[]]> = [
    ["data", [...data.flatMap((each) => dataLines(each, options)), ...valueLines(datasets, options)]],
    ["code", valueLines(difference.code, options)],
    ["params", valueLines(difference.params, options)],
    ["environment", valueLines(difference.environment, options)],
    ["spec", valueLines(difference.spec, options)],
    ["metrics", metricLines(difference.metrics, options)],
  ];
  const lines = [`- ${headline(before)}`, `+ ${headline(after)}`];
  for (const [title, body] of parts) if (body.length > 0) lines.push(title, ...body.map((line) => `  ${line}`));
  if (!differs(difference)) lines.push("nothing differs");
  return `${[...lines, ...concludingLines(gaps)].join("\n")}\n`;
}
