/** One measured thing, beside what it is held against in the same run. Machines are noisy: only the ratio is judged. */
export interface Figure {
  readonly work: string;
  readonly ours: number;
  /** The peer's figure, or the lower bound's. */
  readonly peer: number;
  readonly peerName: string;
  readonly unit: string;
  /** What `ours / peer` may be at most. */
  readonly limit: number;
  /** What a real pachd took for it in another run, on another day: for orientation, not judged. */
  readonly elsewhere?: string;
}

function ratioOf({ ours, peer }: Figure): number {
  return ours / peer;
}

export function isMet(figure: Figure): boolean {
  return ratioOf(figure) <= figure.limit;
}

/** A line for each figure, in columns. */
export function drawFigures(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.work,
    `${round(figure.ours)} ${figure.unit}`,
    `${round(figure.peer)} ${figure.unit} (${figure.peerName})`,
    ratioOf(figure).toFixed(3),
    String(figure.limit),
    isMet(figure) ? "ok" : "MISSED",
    ...(figure.elsewhere === undefined ? [] : [figure.elsewhere]),
  ]);
  const heads = ["work", "ours", "beside", "ratio", "limit", "verdict"];
  const table = [figures.some(({ elsewhere }) => elsewhere) ? [...heads, "real pachd, another run"] : heads, ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

export function toJson(name: string, figures: readonly Figure[]): string {
  const judged = figures.map((figure) => ({ ...figure, ratio: ratioOf(figure), met: isMet(figure) }));
  return `${JSON.stringify({ bench: name, figures: judged }, undefined, 2)}\n`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}
