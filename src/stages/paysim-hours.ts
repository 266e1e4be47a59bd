import type { Random } from "./random.ts";

/** Hours of the month that PaySim simulates. */
const HOURS = 743;

/** How busy each hour of a day is: quiet from one at night until eight, most at seven in the evening. */
const DAY = [20, 6, 3, 2, 2, 2, 3, 5, 20, 75, 100, 105, 110, 108, 104, 100, 104, 106, 130, 140, 125, 65, 50, 36] as const;

/** One hour's share of the table. */
export interface Hour {
  readonly step: number;
  readonly ordinaryRows: number;
  readonly fraudPairs: number;
}

/** Spreads ordinary rows over day and night, and frauds evenly over all hours, so that exactly as many come out as went in. */
export function planHours(ordinaryRows: number, fraudPairs: number, random: Random): Hour[] {
  const weights = Array.from({ length: HOURS }, (_, hour) => (DAY[hour % DAY.length] ?? 0) * (0.75 + random.unit() / 2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let weightSoFar = 0;
  return weights.map((weight, hour) => {
    const before = weightSoFar / total;
    weightSoFar += weight;
    const after = hour === HOURS - 1 ? 1 : weightSoFar / total;
    return {
      step: hour + 1,
      ordinaryRows: Math.round(ordinaryRows * after) - Math.round(ordinaryRows * before),
      fraudPairs: Math.round((fraudPairs * (hour + 1)) / HOURS) - Math.round((fraudPairs * hour) / HOURS),
    };
  });
}
