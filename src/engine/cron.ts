import { Cron } from "croner";
import { type Fault, refused } from "./fault.ts";

const SECOND = 1000;
const UNITS: Readonly<Record<string, number>> = {
  h: 3600 * SECOND,
  m: 60 * SECOND,
  s: SECOND,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/** When something is due. All times are milliseconds since 1970, and ticks are whole seconds. */
interface Schedule {
  /** The first tick after a time; undefined when none ever follows. */
  readonly next: (after: number) => number | undefined;
  /** The last tick up to a time. */
  readonly last: (until: number) => number | undefined;
}

/**
 * The first tick of a schedule after a time, or undefined when there is none. A schedule has the five fields of cron (in UTC), or
 * is `@hourly`, `@daily` …, `@every 1h30m` or `@never`. Throws UNKNOWN for any other.
 */
export function nextTick(spec: string, after: number): number | undefined {
  return parse(spec).next(after);
}

/** The last tick of a schedule that has one after a time and until another: of those that were missed, the one to make up for. */
export function lastTick(spec: string, after: number, until: number): number | undefined {
  const schedule = parse(spec, after);
  const last = schedule.last(until);
  return last !== undefined && last > after ? last : undefined;
}

/** An `@every` counts from `origin`. */
function parse(spec: string, origin = 0): Schedule {
  const text = spec.trim();
  if (text === "@never") return { next: () => undefined, last: () => undefined };
  const every = /^@every\s+(.+)$/.exec(text)?.[1];
  if (every !== undefined) return interval(parseDuration(every, spec), origin);
  const fields = text.split(/\s+/).length;
  if (!text.startsWith("@") && fields !== 5) throw badSchedule(`expected exactly 5 fields, found ${fields}: ${spec}`);
  try {
    const cron = new Cron(text, { mode: "5-part", utcOffset: 0, sloppyRanges: true });
    return {
      next: (after) => cron.nextRun(new Date(after))?.getTime(),
      last: (until) => cron.previousRuns(1, new Date(wholeSeconds(until) + SECOND))[0]?.getTime(),
    };
  } catch (error) {
    throw badSchedule(`${spec}: ${(error as Error).message.replace(/^CronPattern: /, "")}`);
  }
}

function interval(ms: number, origin: number): Schedule {
  const start = wholeSeconds(origin);
  return {
    next: (after) => wholeSeconds(after) + ms,
    last: (until) => start + Math.floor((until - start) / ms) * ms,
  };
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / SECOND) * SECOND;
}

/** Durations as Go writes them, in whole seconds and at least one. */
function parseDuration(text: string, spec: string): number {
  if (!/^(\d+(\.\d+)?(h|ms|m|s|us|µs|ns))+$/.test(text))
    throw badSchedule(`${spec}: "${text}" is no duration such as 10s or 1h30m`);
  let ms = 0;
  for (const [, number, unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g))
    ms += Number(number) * (UNITS[unit] ?? 0);
  return Math.max(SECOND, wholeSeconds(ms));
}

function badSchedule(why: string): Fault {
  return refused(`error parsing cron-spec: ${why}`);
}
