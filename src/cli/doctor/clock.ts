import type { Finding } from "./finding.ts";

const NOTICED_MS = 5_000;
/** S3 refuses signatures that are a quarter of an hour off; a token may be refused before. */
const HARMFUL_MS = 300_000;

/** A server's time, as it was told between two moments of ours. */
export interface ClockReading {
  readonly server: Date;
  readonly before: Date;
  readonly after: Date;
  /** What the server's time is rounded to. */
  readonly stepMs: number;
}

/** Says whether a server's clock and ours agree, as far as the reading can tell. */
export function judgeClock(what: string, reading: ClockReading): Finding {
  const skewMs = skewOf(reading);
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (Math.abs(skewMs) < NOTICED_MS) return { state: "ok", what, detail: "agrees with this machine's" };
  return {
    state: Math.abs(skewMs) < HARMFUL_MS ? "warn" : "fail",
    what,
    detail: `is ${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} this machine's`,
    advice: "Keep both by NTP: what happened first is told by these clocks, and S3 refuses signatures of another time.",
  };
}

/** The least difference that explains the reading; positive where the server is ahead. */
function skewOf({ server, before, after, stepMs }: ClockReading): number {
  const [earliest, latest] = [server.getTime(), server.getTime() + stepMs];
  if (earliest > after.getTime()) return earliest - after.getTime();
  return latest < before.getTime() ? latest - before.getTime() : 0;
}
